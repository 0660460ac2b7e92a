import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, realpath, rename, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StartupError } from "../../domain/startup-error.ts";
import type { DatabaseAddress } from "../open-database.ts";
import { findBinaries } from "./binaries.ts";
import { lockDirectory } from "./directory-lock.ts";
import { findPostmaster, removeStalePid } from "./orphan.ts";
import { makeSocketDirectory, port } from "./socket-directory.ts";
import { type Launcher, unprivilegedLauncher } from "./unprivileged.ts";

export type EmbeddedPostgresOptions = {
  /** Holds the cluster, and its socket if the path is short enough. Made when absent. */
  directory: string;
  /** More `-c` settings, e.g. `fsync=off` in tests. */
  settings?: Record<string, string>;
  log: { info(message: string): void; warn(message: string): void };
};

type Parts = {
  native: string;
  launcher: Launcher;
  dataDirectory: string;
  socketDirectory: string;
  lock: { release(): Promise<void> };
};

const startTimeoutMs = 60_000;
const restartDelaysMs = [100, 500, 2000, 5000];
const ready = /database system is ready to accept connections/;

const baseSettings = {
  listen_addresses: "",
  shared_buffers: "32MB",
  max_connections: "100",
  unix_socket_permissions: "0700",
};

/** Runs PostgreSQL as a child process: starts it, starts it again when it dies, stops it. */
export class EmbeddedPostgres {
  readonly #options: EmbeddedPostgresOptions;
  readonly #native: string;
  readonly #launcher: Launcher;
  readonly #dataDirectory: string;
  readonly #socketDirectory: string;
  readonly #lock: { release(): Promise<void> };
  #child: ChildProcess | undefined;
  #isStopping = false;
  #supervising: Promise<void> = Promise.resolve();

  private constructor(options: EmbeddedPostgresOptions, parts: Parts) {
    this.#options = options;
    this.#native = parts.native;
    this.#launcher = parts.launcher;
    this.#dataDirectory = parts.dataDirectory;
    this.#socketDirectory = parts.socketDirectory;
    this.#lock = parts.lock;
  }

  /** Makes the cluster if there is none, and resolves once it accepts connections. Throws StartupError. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const native = await findBinaries();
    const launcher = unprivilegedLauncher();
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const directory = await realpath(options.directory);
    const lock = await lockDirectory(directory);
    try {
      const dataDirectory = path.join(directory, "data");
      const socketDirectory = await makeSocketDirectory(path.join(directory, "run"));
      const postgres = new EmbeddedPostgres(options, { native, launcher, dataDirectory, socketDirectory, lock });
      await launcher.openWay(directory);
      await launcher.handOver(socketDirectory);
      if (!existsSync(path.join(dataDirectory, "PG_VERSION"))) await postgres.#initialize(directory);
      await launcher.handOver(dataDirectory);
      postgres.#supervising = postgres.#supervise(await postgres.#launch());
      return postgres;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Where a database of it is. `postgres` exists always. */
  address(database = "postgres"): DatabaseAddress {
    return { socketDirectory: this.#socketDirectory, port, database };
  }

  /** The process, for tests that kill it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends it in order; connections still open are cut. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#child?.kill("SIGINT");
    await this.#supervising;
    await this.#lock.release();
  }

  /** initdb into a folder aside, renamed when whole: a kill in the middle leaves no half-made cluster. */
  async #initialize(directory: string): Promise<void> {
    const aside = path.join(directory, "data.new");
    // What an interrupted start left running may still be writing there for a moment.
    await rm(aside, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    await mkdir(aside, { mode: 0o700 });
    await this.#launcher.handOver(aside);
    const args = ["-D", aside, "-U", "berth", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"];
    const { code, output } = await outcomeOf(this.#spawn("initdb", args, aside));
    if (code !== 0) throw startFailure("The embedded PostgreSQL could not be set up", output, directory);
    await rename(aside, this.#dataDirectory);
  }

  #spawn(program: string, args: string[], cwd: string): ChildProcess {
    const [command = "", ...words] = [...this.#launcher.prefix, path.join(this.#native, "bin", program), ...args];
    // Its own process group: Ctrl-C in a terminal must reach us first, so that we stop it last.
    return spawn(command, words, {
      ...this.#launcher.identity,
      cwd,
      detached: true,
      env: { LC_ALL: "C.UTF-8", PATH: "/usr/bin:/bin" },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Starts it, after whatever still holds the data folder has gone. */
  async #launch(): Promise<ChildProcess> {
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      const orphan = await findPostmaster(this.#dataDirectory);
      if (orphan !== undefined) {
        this.#options.log.warn(`Stopping the database process ${orphan} that an earlier run left behind.`);
        await this.#stopOrphan(orphan, deadline);
      }
      await removeStalePid(this.#dataDirectory);
      const result = await this.#launchOnce();
      if (result.isReady) return result.child;
      const isHeld = /lock file "[^"]*" already exists|pre-existing shared memory/.test(result.output);
      if (!isHeld || Date.now() > deadline)
        throw startFailure("The embedded PostgreSQL does not start", result.output, this.#dataDirectory);
      await delay(100);
    }
  }

  /** Looks at what it works on, not at its number, which a zombie keeps. */
  async #stopOrphan(pid: number, deadline: number): Promise<void> {
    while (Date.now() < deadline && (await findPostmaster(this.#dataDirectory)) === pid) {
      try {
        process.kill(pid, "SIGINT");
      } catch {
        // It ended meanwhile.
      }
      await delay(100);
    }
  }

  async #launchOnce(): Promise<{ isReady: true; child: ChildProcess } | { isReady: false; output: string }> {
    const settings = Object.entries({ ...baseSettings, ...this.#options.settings });
    const args = ["-D", this.#dataDirectory, "-k", this.#socketDirectory, "-p", String(port)];
    for (const [name, value] of settings) args.push("-c", `${name}=${value}`);
    const child = this.#spawn("postgres", args, this.#dataDirectory);
    this.#child = child;
    const gone = outcomeOf(child).then(({ output }) => ({ isReady: false as const, output }));
    const started = new Promise<{ isReady: true; child: ChildProcess }>((resolve) => {
      let seen = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        seen = (seen + chunk.toString()).slice(-4000);
        if (ready.test(seen)) resolve({ isReady: true, child });
      });
    });
    return await Promise.race([started, gone]);
  }

  async #supervise(first: ChildProcess): Promise<void> {
    let child = first;
    for (;;) {
      await exitOf(child);
      if (this.#isStopping) return;
      this.#options.log.warn("The embedded database ended unexpectedly; starting it again.");
      const next = await this.#relaunch();
      if (!next) return;
      child = next;
      if (this.#isStopping) child.kill("SIGINT");
    }
  }

  async #relaunch(): Promise<ChildProcess | undefined> {
    for (let attempt = 0; !this.#isStopping; attempt += 1) {
      await delay(restartDelaysMs[Math.min(attempt, restartDelaysMs.length - 1)]);
      if (this.#isStopping) return undefined;
      try {
        return await this.#launch();
      } catch (error) {
        this.#options.log.warn(error instanceof Error ? error.message : "The embedded database does not start.");
      }
    }
    return undefined;
  }
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once("exit", resolve));
}

/** Exit code and the end of what it said. */
function outcomeOf(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, output: `${output}\n${error.message}` }));
    child.once("close", (code) => resolve({ code, output }));
  });
}

function startFailure(what: string, output: string, directory: string): StartupError {
  if (/No space left on device/.test(output))
    return new StartupError(`${what}, because the disk of ${directory} is full: free some space, then start again.`);
  if (/Permission denied|could not access directory/.test(output))
    return new StartupError(`${what}, because it may not write to ${directory}: change its owner or BERTH_DATA_DIR.`);
  if (/database files are incompatible/.test(output))
    return new StartupError(
      `${what}, because another version of PostgreSQL made ${directory}: run that version of Berth.`,
    );
  const reason = /(?:FATAL|PANIC|error):\s+(.*)/.exec(output)?.[1] ?? output.trim().split("\n").at(-1) ?? "";
  return new StartupError(`${what}: ${reason} Look at ${directory}, or set BERTH_DATABASE_URL to another PostgreSQL.`);
}
