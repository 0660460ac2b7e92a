import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Client, createClient } from "@berth/api";
import { startTestSandbox, type TestSandbox } from "@berth/aws-sandbox/testing";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const arch = process.arch === "arm64" ? "arm64" : "x64";
export const node = `${root}node_modules/node-linux-${arch}/bin/node`;

const admin = { email: "admin@example.com", password: "correct horse battery" };

export type InstallationOptions = {
  /** Images of this engine, by the repository and tag they are pushed to, e.g. `{ "team/base:1": "berth-test/debian:1" }`. */
  images?: Record<string, string>;
  env?: Record<string, string>;
};

/** A whole Berth of a test's own: server process, embedded database and sandbox AWS, on the machine's real engine. */
export class Installation {
  readonly dataDirectory: string;
  readonly sandbox: TestSandbox;
  readonly url: string;
  readonly #env: Record<string, string>;
  #server: ChildProcess | undefined;
  #log = "";
  #token: string | undefined;

  constructor(parts: { dataDirectory: string; sandbox: TestSandbox; port: number; env: Record<string, string> }) {
    this.dataDirectory = parts.dataDirectory;
    this.sandbox = parts.sandbox;
    this.url = `http://localhost:${parts.port}`;
    const { account, url, host } = parts.sandbox;
    this.#env = {
      PATH: process.env.PATH ?? "",
      HOME: parts.dataDirectory,
      BERTH_DATA_DIR: parts.dataDirectory,
      BERTH_PORT: String(parts.port),
      BERTH_ADMIN_EMAIL: admin.email,
      BERTH_ADMIN_PASSWORD: admin.password,
      BERTH_AWS_ENDPOINTS: JSON.stringify({ [account]: { api: url, registry: host } }),
      BERTH_AGENT_RUNTIME: `${root}dist/agent`,
      ...parts.env,
    };
  }

  static async start(options: InstallationOptions = {}): Promise<Installation> {
    await run(node, [`${root}tools/build-agent.ts`], { cwd: root });
    const dataDirectory = await mkdtemp(path.join(tmpdir(), "berth-e2e-"));
    const sandbox = await startTestSandbox();
    for (const [target, source] of Object.entries(options.images ?? {})) await pushToSandbox(sandbox, source, target);
    const installation = new Installation({ dataDirectory, sandbox, port: await freePort(), env: options.env ?? {} });
    await installation.startServer();
    return installation;
  }

  /** Starts the server's process; gives how long it took to be ready, in milliseconds. */
  async startServer(): Promise<number> {
    const started = performance.now();
    const child = spawn(node, [`${root}apps/server/src/main.ts`], {
      cwd: this.dataDirectory,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#server = child;
    const ready = Promise.withResolvers<void>();
    child.stderr.on("data", (chunk: Buffer) => this.#remember(chunk.toString()));
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#remember(`${line}\n`);
      if (line.includes('"event":"ready"')) ready.resolve();
    });
    child.once("exit", (code) => ready.reject(new Error(`the server ended with ${code}:\n${this.log()}`)));
    await ready.promise;
    return performance.now() - started;
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  /** Process id of the embedded PostgreSQL's postmaster. */
  async postgresPid(): Promise<number> {
    const { stdout } = await run("sh", ["-c", `find ${this.dataDirectory} -name postmaster.pid | head -1`]);
    return Number((await readFile(stdout.trim(), "utf8")).split("\n")[0]);
  }

  /** Ends the server as nobody would ask it to. */
  async killServer(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stopServer(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** What the server wrote, newest last. */
  log(): string {
    return this.#log;
  }

  get adminToken(): Promise<string> {
    return (async () => {
      if (this.#token) return this.#token;
      const anonymous = createClient({ baseUrl: this.url });
      const body = { ...admin, token: { name: `test-${randomBytes(4).toString("hex")}` } };
      this.#token = (await anonymous.login({ body })).token ?? "";
      return this.#token;
    })();
  }

  async client(): Promise<Client> {
    return createClient({ baseUrl: this.url, token: await this.adminToken });
  }

  /** Connects the sandbox's registry and imports images, as an administrator. */
  async importImages(references: readonly string[], sizes = { cpu: 1, memoryGb: 0.5, diskGb: 1 }) {
    const client = await this.client();
    const key = this.sandbox.createUser({
      name: `reader-${randomBytes(4).toString("hex")}`,
      policies: ["AmazonEC2ContainerRegistryReadOnly"],
    });
    const registry = await client.createRegistry({
      body: {
        name: `prod-${randomBytes(3).toString("hex")}`,
        kind: "ecr",
        registry: this.sandbox.registryHost(),
        accessKeyId: key.accessKeyId,
        secretAccessKey: key.secretAccessKey,
      },
    });
    const images = [];
    for (const reference of references) {
      const [repository = "", tag = ""] = reference.split(":");
      images.push(await client.importImage({ body: { registryId: registry.id, repository, tag, ...sizes } }));
    }
    return { registry, images };
  }

  /** Stops everything and removes what it made, on the engine too. */
  async close(): Promise<void> {
    await this.#end("SIGTERM");
    const containers = await this.engineObjects();
    if (containers.containers.length > 0) await run("docker", ["rm", "-fv", ...containers.containers]);
    if (containers.volumes.length > 0) await run("docker", ["volume", "rm", "-f", ...containers.volumes]);
    await this.sandbox.close();
    await rm(this.dataDirectory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Workspaces' containers and volumes of this installation. */
  async engineObjects(): Promise<{ containers: string[]; volumes: string[] }> {
    const id = /"installationId":"([0-9a-f-]{36})"/.exec(this.#log)?.[1];
    if (!id) throw new Error("the server did not say which installation it is");
    const filter = ["--filter", `label=berth.installation=${id}`];
    const lines = async (args: string[]) => (await run("docker", args)).stdout.split("\n").filter(Boolean);
    const [containers, volumes] = await Promise.all([
      lines(["ps", "-aq", ...filter]),
      lines(["volume", "ls", "-q", ...filter, "--filter", "label=berth.workspace"]),
    ]);
    return { containers, volumes };
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#server;
    this.#server = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  #remember(text: string): void {
    this.#log = (this.#log + text).slice(-2_000_000);
  }
}

/** Pushes an image of the engine to the sandbox with the engine's own push. */
async function pushToSandbox(sandbox: TestSandbox, source: string, target: string): Promise<void> {
  const [repository = ""] = target.split(":");
  sandbox.createRepository({ name: repository });
  const authorization = (await sandbox.registryAuthorization()).replace(/^Basic /, "");
  const configuration = await mkdtemp(path.join(tmpdir(), "berth-docker-config-"));
  const name = `${sandbox.host}/${target}`;
  try {
    const auths = { [sandbox.host]: { auth: authorization } };
    await writeFile(path.join(configuration, "config.json"), JSON.stringify({ auths }), { mode: 0o600 });
    await run("docker", ["tag", source, name]);
    await run("docker", ["--config", configuration, "push", "-q", name]);
  } finally {
    await run("docker", ["rmi", "--no-prune", name]).catch(() => undefined);
    await rm(configuration, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
