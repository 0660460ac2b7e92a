import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that cannot be mistaken for a later one with the same number. */
export type ProcessIdentity = { pid: number; startTicks: string };

/** Undefined when there is no such process, or only its unread exit status is left. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads /proc/PID/stat (proc(5)); the name in parentheses may itself contain parentheses and spaces. */
export function parseStat(pid: number, stat: string): ProcessIdentity | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const startTicks = fields[19];
  return state === "Z" || state === "X" || startTicks === undefined ? undefined : { pid, startTicks };
}

export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  return identify(pid)?.startTicks === startTicks;
}

/** Asks a process to end, and after `graceMs` makes it. Resolves when it is gone. */
export async function endProcess(pid: number, { graceMs }: { graceMs: number }): Promise<void> {
  const identity = identify(pid);
  if (!identity) return;
  signalProcess(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (isRunning(identity)) {
    if (Date.now() > deadline) signalProcess(pid, "SIGKILL");
    // Stuck in the kernel: nothing more can be done from here.
    if (Date.now() > deadline + 5_000) return;
    await sleep(25);
  }
}

/** Sends a signal; a process that is gone already is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in between.
  }
}
