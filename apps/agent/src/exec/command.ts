import type { Readable } from "node:stream";
import type { SignalName, TerminalSize } from "@berth/agent-protocol";

/** How a command ended; `code` is 128 + n when signal n ended it. */
export type CommandExit = { code: number; signal?: string };

/** A command that runs, on pipes or on a terminal. */
export interface Command {
  /** Pausable; a terminal has stdout only. Their end and errors mean that no writer is left. */
  readonly outputs: readonly { type: "stdout" | "stderr"; stream: Readable }[];
  /** Resolves once, when the process itself is gone; its output may still be on the way. */
  readonly exited: Promise<CommandExit>;
  /** `false`: wait for `onInputDrain`. What a command does not want to read is dropped. */
  writeInput(data: Uint8Array): boolean;
  onInputDrain(callback: () => void): void;
  endInput(): void;
  /** Without a terminal, does nothing. */
  resize(size: TerminalSize): void;
  /** To the whole process group. */
  signal(name: SignalName): void;
  /** Closes input and outputs; processes that hold them see a hang-up. */
  release(): void;
}

/** What every command is started with. */
export type CommandSpec = {
  file: string;
  argv0: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
};

/** Sends a signal to a command's process group; one that is gone, or not ours to signal, is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  // A command on a terminal is still on its own for a moment, before it leads a group.
  if (!signalled(-pid, signal)) signalled(pid, signal);
}

function signalled(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
    return code === "EPERM";
  }
}
