import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { createInterface } from "node:readline";
import { endProcess } from "../lib/machine/processes.ts";
import { lastLine } from "../lib/run-command.ts";
import { openLogFile } from "./log-file.ts";

export type ProcessSpec<Ready> = {
  /** For people, with its article: "The server". */
  name: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Gets what it writes, except the lines that make it ready: those may hold secrets. */
  logFile: string;
  /** Makes a reader of one life's standard output: it answers once with what makes the process ready. */
  readiness(): (line: string) => { isPrivate: boolean; ready?: Ready };
};

export type SupervisedProcess<Ready> = {
  /** What the current life said when it was ready; changes after a crash. */
  readonly ready: Ready;
  readonly pid: number | undefined;
  stop(graceMs: number): Promise<void>;
};

export type SupervisionEvents = {
  /** A sentence for people. */
  onNote(sentence: string): void;
  /** Called whenever the process's number changes. */
  onPid(): void;
};

const firstRetryMs = 250;
const longestRetryMs = 10_000;
/** After so long a life, a crash counts as the first. */
const goodLifeMs = 60_000;

type Life<Ready> = { child: ChildProcess; ready: Promise<Ready>; ended: Promise<string> };

/**
 * Runs a program of Berth's own under the Node that runs this, and starts it again when it crashes. Resolves when it is ready for
 * the first time; throws one sentence when it ends before.
 */
export async function supervise<Ready>(
  spec: ProcessSpec<Ready>,
  { onNote, onPid }: SupervisionEvents,
  signal: AbortSignal,
): Promise<SupervisedProcess<Ready>> {
  signal.throwIfAborted();
  let isStopping = false;
  let life = await begin(spec);
  onPid();
  const abort = () => void life.child.kill("SIGTERM");
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  let ready: Ready;
  try {
    ready = await life.ready;
  } finally {
    signal.removeEventListener("abort", abort);
  }

  const retry = Promise.withResolvers<void>();
  const keepAlive = async () => {
    let waitMs = firstRetryMs;
    for (let bornAt = Date.now(); ; bornAt = Date.now()) {
      const how = await life.ended;
      if (isStopping) return;
      waitMs = Date.now() - bornAt > goodLifeMs ? firstRetryMs : Math.min(waitMs * 2, longestRetryMs);
      onNote(`${spec.name} ended (${how}) and is started again; see ${spec.logFile}.`);
      await Promise.race([delay(waitMs), retry.promise]);
      if (isStopping) return;
      life = await begin(spec);
      onPid();
      await life.ready.then(
        (again) => {
          ready = again;
          onNote(`${spec.name} is back.`);
        },
        () => undefined,
      );
    }
  };
  const supervision = keepAlive();

  return {
    get ready() {
      return ready;
    },
    get pid() {
      return life.child.pid;
    },
    async stop(graceMs) {
      isStopping = true;
      retry.resolve();
      if (life.child.pid !== undefined && life.child.exitCode === null) await endProcess(life.child.pid, { graceMs });
      await supervision;
    },
  };
}

async function begin<Ready>(spec: ProcessSpec<Ready>): Promise<Life<Ready>> {
  const log = await openLogFile(spec.logFile);
  const [command, args] = commandLine(spec.args);
  // Its own session: Ctrl-C reaches this process alone, which then stops everything in order.
  const child = spawn(command, args, { env: spec.env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const { promise: ready, resolve, reject } = Promise.withResolvers<Ready>();
  ready.catch(() => undefined);
  const readLine = spec.readiness();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const read = readLine(line);
    if (!read.isPrivate) writeLine(log, line);
    if (read.ready !== undefined) resolve(read.ready);
  });
  let complaint = "";
  createInterface({ input: child.stderr }).on("line", (line) => {
    writeLine(log, line);
    complaint = `${complaint}${line}\n`.slice(-4000);
  });
  const ended = new Promise<string>((resolveEnd) => {
    child.on("error", (error) => resolveEnd(error.message));
    child.on("close", (code, signal) => resolveEnd(signal ?? `exit code ${code}`));
  });
  void ended.then(async (how) => {
    reject(new Error(lastLine(complaint) || `${spec.name} did not start (${how}): see ${spec.logFile}.`));
    await log.close();
  });
  return { child, ready, ended };
}

/** Where util-linux is installed, the kernel ends the program with this one, should this one be killed. */
function commandLine(args: readonly string[]): [string, string[]] {
  const setpriv = "/usr/bin/setpriv";
  const node = [process.execPath, ...args];
  return existsSync(setpriv) ? [setpriv, ["--pdeathsig", "TERM", "--", ...node]] : [process.execPath, [...args]];
}

/** A full disk must not end what the log is about. */
function writeLine(log: FileHandle, line: string): void {
  log.appendFile(`${line}\n`).catch(() => undefined);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
