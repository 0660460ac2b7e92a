import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLine, runCommand } from "../run-command.ts";
import type { Machine } from "./machine.ts";
import { endProcess } from "./processes.ts";

/** An engine that this process started and has to stop; `undefined` when a service manager keeps it. */
export type StartedDockerd = { pid: number; stop(): Promise<void> } | undefined;

export type DockerdOptions = {
  machine: Machine;
  logFile: string;
  /** Whether the engine answers now. */
  answers(): Promise<boolean>;
  signal: AbortSignal;
};

const answerWithinMs = 60_000;
const stopWithinMs = 20_000;

/** Starts Docker Engine and waits until it answers: as the system's service where systemd runs, else by itself. */
export async function startDockerd({ machine, logFile, answers, signal }: DockerdOptions): Promise<StartedDockerd> {
  if (machine.hasSystemd) {
    const { status, output } = await runCommand("systemctl", ["start", "docker"]);
    if (status !== 0)
      throw new Error(`Docker's service does not start (${lastLine(output)}): see systemctl status docker.`);
    await waitUntil(answers, () => undefined, "see systemctl status docker", signal);
    return undefined;
  }
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, "a", 0o600);
  // Its own process group: Ctrl-C must not end it before what runs on it.
  const child = spawn("dockerd", [], { detached: true, stdio: ["ignore", log, log] });
  const { pid } = child;
  let ended: string | undefined;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", () => {
    ended ??= lastLine(readFileSync(logFile, "utf8"));
  });
  child.unref();
  const started = adoptDockerd(pid === undefined ? undefined : { pid });
  try {
    await waitUntil(answers, () => ended, `see ${logFile}`, signal);
  } catch (error) {
    await started?.stop();
    throw error;
  }
  return started;
}

/** Makes an engine that runs by itself this process's to stop. */
export function adoptDockerd(engine: { pid: number } | undefined): StartedDockerd {
  return engine && { pid: engine.pid, stop: () => endProcess(engine.pid, { graceMs: stopWithinMs }) };
}

async function waitUntil(
  answers: () => Promise<boolean>,
  ended: () => string | undefined,
  where: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + answerWithinMs;
  while (!(await answers())) {
    const words = ended();
    if (words !== undefined) throw new Error(`The container engine did not start (${words}): ${where}.`);
    if (Date.now() > deadline) throw new Error(`The container engine did not answer within a minute: ${where}.`);
    await sleep(100, undefined, { signal });
  }
}

/** Whether Docker Engine is installed; a `docker` alone is only its client. */
export function hasDockerd(): boolean {
  return ["/usr/bin", "/usr/sbin", "/usr/local/bin"].some((folder) => existsSync(path.join(folder, "dockerd")));
}
