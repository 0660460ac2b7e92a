import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { AgentTunnel } from "@berth/agent-protocol/tunnel";
import { AGENT_ENTRYPOINT, type AgentRuntime, buildAgentRuntime, MOUNT_PATH } from "../runtime/index.ts";
import { type TarEntry, tarChunks } from "../runtime/tar.ts";
import { AgentServer } from "./agent-server.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../..", import.meta.url));

/** Runs the engine's command line and gives its output. */
export async function docker(...args: string[]): Promise<string> {
  return (await run("docker", args, { maxBuffer: 64 * 1024 * 1024 })).stdout.trim();
}

async function dockerWithInput(args: string[], input: NodeJS.ReadableStream | Iterable<Uint8Array>): Promise<string> {
  const child = spawn("docker", args, { stdio: ["pipe", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await pipeline(input, child.stdin);
  const code = await ended;
  if (code !== 0) throw new Error(`docker ${args[0]} failed with ${code}`);
  return Buffer.concat(chunks).toString("utf8").trim();
}

/** The runtime this checkout gives, built where the launcher builds it. */
export function testRuntime(): Promise<AgentRuntime> {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  return buildAgentRuntime({
    outDir: path.join(root, "dist/agent"),
    arch,
    nodePackageDir: path.join(root, `node_modules/node-linux-${arch}`),
  });
}

export type ImageKind = "empty" | "busybox";

/** Made by the project's test set-up: Debian with bash, sudo and a user `dev` (1000). */
export const DEBIAN_IMAGE = "berth-test/debian:1";

/** An image that holds nothing, or nothing but a static busybox: the hardest a workspace has to run on. */
async function makeImage(kind: ImageKind, runtime: AgentRuntime, name: string): Promise<void> {
  const entries: TarEntry[] = [];
  if (kind === "busybox") {
    const data = await readFile(path.join(runtime.dir, "bin/busybox"));
    for (const directory of ["bin", "etc", "tmp", "home", "home/dev"]) {
      entries.push({ path: directory, type: "directory", mode: directory === "tmp" ? 0o1777 : 0o755 });
    }
    entries.push({ path: "bin/busybox", type: "file", mode: 0o755, data });
    for (const applet of [
      "sh",
      "cat",
      "wc",
      "sleep",
      "stty",
      "yes",
      "head",
      "id",
      "ls",
      "env",
      "dd",
      "sha256sum",
      "true",
    ]) {
      entries.push({ path: `bin/${applet}`, type: "symlink", target: "busybox" });
    }
    const passwd = "root:x:0:0:root:/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/sh\n";
    entries.push({ path: "etc/passwd", type: "file", mode: 0o644, data: Buffer.from(passwd) });
    entries.push({ path: "bin/notes", type: "file", mode: 0o644, data: Buffer.from("not a program") });
    entries.push({ path: "bin/orphan", type: "file", mode: 0o755, data: Buffer.from("#!/usr/bin/python\n") });
  }
  await dockerWithInput(["import", "-", name], tarChunks(entries));
}

export type WorkspaceOptions = { image: string; args?: string[]; env?: Record<string, string> };

/** A container whose agent dials a server of this process. */
export type TestWorkspace = { id: string; server: AgentServer; tunnel: AgentTunnel; connectedMs: number };

/** What one test file makes on the engine; `close` removes all of it. */
export class TestEngine {
  readonly runtime: AgentRuntime;
  readonly #prefix = `berth-agent-test-${randomBytes(6).toString("hex")}`;
  readonly #containers: string[] = [];
  readonly #images = new Map<ImageKind, Promise<string>>();
  readonly #servers: AgentServer[] = [];
  readonly #directories: string[] = [];
  #volume = "";

  constructor(runtime: AgentRuntime) {
    this.runtime = runtime;
  }

  static async open(): Promise<TestEngine> {
    const engine = new TestEngine(await testRuntime());
    await engine.#fillVolume();
    return engine;
  }

  async #fillVolume(): Promise<void> {
    const image = await this.image("busybox");
    this.#volume = `${this.#prefix}-runtime`;
    await docker("volume", "create", this.#volume);
    const filler = await docker("create", "-v", `${this.#volume}:${MOUNT_PATH}`, image, "/bin/true");
    this.#containers.push(filler);
    await dockerWithInput(["cp", "-", `${filler}:${MOUNT_PATH}`], createReadStream(this.runtime.tarPath));
  }

  image(kind: ImageKind): Promise<string> {
    const name = `${this.#prefix}/${kind}:1`;
    const made = this.#images.get(kind) ?? makeImage(kind, this.runtime, name).then(() => name);
    this.#images.set(kind, made);
    return made;
  }

  /** Starts a workspace and waits for its agent. */
  async start(options: WorkspaceOptions): Promise<TestWorkspace> {
    const directory = await mkdtemp(path.join(tmpdir(), "berth-agent-"));
    this.#directories.push(directory);
    await chmod(directory, 0o755);
    const token = randomBytes(16).toString("hex");
    const server = new AgentServer(path.join(directory, "agent.sock"), token);
    this.#servers.push(server);
    await server.listen();
    const env = {
      HOME: "/home/dev",
      ...options.env,
      BERTH_AGENT_URL: `ws+unix://${MOUNT_PATH}/run/agent.sock:/agent/v1/connect`,
      BERTH_AGENT_TOKEN: token,
    };
    const [program = "", ...rest] = AGENT_ENTRYPOINT;
    const startedAt = performance.now();
    const id = await docker(
      ...["run", "-d", "--init", "--label", this.#prefix, "--network", "none"],
      ...["-v", `${this.#volume}:${MOUNT_PATH}:ro`, "-v", `${directory}:${MOUNT_PATH}/run`],
      ...Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]),
      ...["--entrypoint", program, ...(options.args ?? []), options.image, ...rest],
    );
    this.#containers.push(id);
    const tunnel = await server.next();
    return { id, server, tunnel, connectedMs: performance.now() - startedAt };
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await server.close();
    if (this.#containers.length > 0) await docker("rm", "-f", "-v", ...this.#containers);
    await docker("volume", "rm", "-f", this.#volume);
    for (const image of this.#images.values()) await docker("rmi", "-f", await image);
    for (const directory of this.#directories) await rm(directory, { recursive: true, force: true });
  }
}
