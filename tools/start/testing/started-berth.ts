import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export type Printed = {
  url: string;
  setupUrl: string | undefined;
  registry: string;
  accessKeyId: string;
  secretAccessKey: string;
};

/** `npm start` as a user runs it: in a process group of its own, as a terminal makes one. */
export class StartedBerth {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;

  constructor({ dataDirectory, port, env = {} }: { dataDirectory: string; port: number; env?: NodeJS.ProcessEnv }) {
    this.#child = spawn("npm", ["start", "--silent"], {
      cwd: root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, BERTH_DATA_DIR: dataDirectory, BERTH_PORT: String(port), ...env },
    });
    this.#child.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.#child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    this.#exit = new Promise((resolve) => {
      this.#child.on("close", resolve);
    });
  }

  /** Resolves once the last line is printed; throws with what was said when the command ends before. */
  async printed(): Promise<Printed> {
    const isComplete = () => /^Secret access key: .+\n/m.test(this.stdout);
    await new Promise<void>((resolve, reject) => {
      const look = () => isComplete() && resolve();
      this.#child.stdout?.on("data", look);
      look();
      void this.#exit.then((code) => reject(new Error(`npm start ended with ${code}: ${this.stdout}${this.stderr}`)));
    });
    const value = (label: string) => new RegExp(`^${label}: (.+)$`, "m").exec(this.stdout)?.[1];
    return {
      url: value("Berth") ?? "",
      setupUrl: value("Set-up"),
      registry: value("Registry") ?? "",
      accessKeyId: value("Access key ID") ?? "",
      secretAccessKey: value("Secret access key") ?? "",
    };
  }

  /** The exit code, once the command has ended. */
  exited(): Promise<number | null> {
    return this.#exit;
  }

  /** What a terminal does on Ctrl-C. */
  async ctrlC(): Promise<number | null> {
    this.#signalGroup("SIGINT");
    return this.#exit;
  }

  /** Ends the command itself, as an out-of-memory killer would: nothing of it can clean up. */
  async killAll(): Promise<void> {
    this.#signalGroup("SIGKILL");
    await this.#exit;
  }

  /** For clean-up: ends it in order, if it still runs. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.ctrlC();
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
  }
}

/** Command lines of the processes that have something to do with a data folder, by argument, directory or environment. */
export function processesOf(dataDirectory: string): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(path.join("/proc", pid, "cmdline"), "utf8").replaceAll("\0", " ");
        const environment = readFileSync(path.join("/proc", pid, "environ"), "utf8");
        return `${command}${environment}`.includes(dataDirectory) ? [{ pid: Number(pid), command }] : [];
      } catch {
        return [];
      }
    });
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
