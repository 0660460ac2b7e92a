import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const berthProgram = fileURLToPath(new URL("../../bin/berth", import.meta.url));

/** Shared by all tests, so that not every one of them compiles the program anew. */
const compiledCache = fileURLToPath(new URL("../../../../node_modules/.cache", import.meta.url));

export type Result = { code: number | null; signal: string | null; stdout: string; stderr: string; bytes: Buffer };

/** A home of its own for `berth`: its credentials, and no variable of the machine's user. */
export type Home = {
  directory: string;
  configFile: string;
  env: Record<string, string>;
  /** Runs the real program to its end; `input` is piped in, and without it standard input is empty. */
  berth(args: readonly string[], options?: { input?: string | Buffer; env?: Record<string, string> }): Promise<Result>;
  /** Starts it, for tests that talk to it while it runs. */
  start(args: readonly string[], env?: Record<string, string>): ChildProcessWithoutNullStreams;
  remove(): Promise<void>;
};

/** Makes an empty home. */
export async function makeHome(): Promise<Home> {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-cli-"));
  const env = { HOME: directory, XDG_CACHE_HOME: compiledCache, PATH: process.env.PATH ?? "" };
  const start: Home["start"] = (args, more = {}) =>
    spawn(berthProgram, [...args], { env: { ...env, ...more }, cwd: directory, stdio: "pipe" });
  return {
    directory,
    configFile: path.join(directory, ".config", "berth", "config.json"),
    env,
    start,
    berth: (args, { input = "", env: more = {} } = {}) => {
      const child = start(args, more);
      child.stdin.on("error", () => undefined);
      child.stdin.end(input);
      return resultOf(child);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** What a started program printed, and how it ended. */
export async function resultOf(child: ChildProcessWithoutNullStreams): Promise<Result> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk) => stdout.push(chunk));
  child.stderr.on("data", (chunk) => stderr.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const bytes = Buffer.concat(stdout);
      resolve({ code, signal, bytes, stdout: bytes.toString("utf8"), stderr: Buffer.concat(stderr).toString("utf8") });
    });
  });
}
