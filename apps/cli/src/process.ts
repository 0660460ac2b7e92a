import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Io, OutputStream, SignalName } from "./io.ts";
import { run } from "./run.ts";

const signals = { SIGINT: "INT", SIGTERM: "TERM", SIGHUP: "HUP" } as const satisfies Record<string, SignalName>;
const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

type Options = { process: NodeJS.Process; packageRoot: string; home: string };

/** Runs the command line of a process, and ends the process with its exit code. */
export async function runProcess({ process, packageRoot, home }: Options): Promise<void> {
  // A reader that went away (`berth … | head`) is no failure to talk about.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 141 : 1));
  }
  const code = await run({
    words: process.argv.slice(2),
    io: ioOf(process),
    variables: process.env,
    home,
    installation: {
      version: versionOf(packageRoot),
      packageRoot,
      node: process.execPath,
      hostname: os.hostname(),
    },
  });
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // Standard input may still be open and would keep the process.
  process.exit(code);
}

function versionOf(packageRoot: string): string {
  return JSON.parse(readFileSync(path.join(packageRoot, "package.json"), "utf8")).version;
}

function flushed(stream: OutputStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write("", () => resolve());
  });
}

function ioOf(process: NodeJS.Process): Io {
  const listeners: ((name: SignalName) => void)[] = [];
  let isInterrupted = false;
  for (const signal of Object.keys(signals) as (keyof typeof signals)[]) {
    process.on(signal, () => {
      const listener = listeners.at(-1);
      // Whoever asks twice does not want to wait for a clean end; a command that takes signals itself has its own rule.
      if (!listener || (listeners.length === 1 && isInterrupted)) process.exit(128 + signalNumbers[signal]);
      isInterrupted = true;
      listener(signals[signal]);
    });
  }
  return {
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    now: () => new Date(),
    onSignal(listener) {
      listeners.push(listener);
      return () => {
        const at = listeners.indexOf(listener);
        if (at >= 0) listeners.splice(at, 1);
      };
    },
  };
}
