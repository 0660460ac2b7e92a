import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { PullCredential } from "@berth/provider";
import type Docker from "dockerode";
import { jsonLines } from "../json-lines.ts";

export const registryLogin = { username: "puller", password: "correct-horse" };
/** bcrypt of the password above. */
const htpasswd = "puller:$2y$05$abcdefghijklmnopqrstuuZ0Fx87Pb/Aqb0E90lfvCwzXnaFKUHpS\n";

export type TestRegistry = {
  /** `127.0.0.1:port` */
  host: string;
  credential: PullCredential;
  /** Pushes an image and answers its digest. */
  push(docker: Docker, imageId: string, repository: string): Promise<string>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Writes a configuration for another process on the same storage, and answers its path. */
  configFor(address: string): Promise<string>;
  close(): Promise<void>;
};

/** Starts CNCF Distribution (Debian's docker-registry) with basic authentication on a port of its own. */
export async function startTestRegistry(): Promise<TestRegistry> {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-registry-"));
  await writeFile(path.join(directory, "htpasswd"), htpasswd);
  const configFor = async (address: string) => {
    const file = path.join(directory, `${address.replace(":", "-")}.yml`);
    // JSON is YAML.
    await writeFile(file, JSON.stringify(configOf(directory, address)));
    return file;
  };
  const child = spawn("docker-registry", ["serve", await configFor("127.0.0.1:0")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const host = await listeningAddress(child);
  const authorization = `Basic ${Buffer.from(`${registryLogin.username}:${registryLogin.password}`).toString("base64")}`;
  return {
    host,
    credential: { ...registryLogin, expiresAt: new Date(Date.now() + 3_600_000) },
    push: (docker, imageId, repository) => push(docker, imageId, `${host}/${repository}`, host),
    fetch: (url, init = {}) =>
      fetch(`http://${host}${url}`, { ...init, headers: { authorization, ...(init.headers as object) } }),
    configFor,
    async close() {
      child.kill("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function configOf(directory: string, address: string) {
  return {
    version: "0.1",
    storage: { filesystem: { rootdirectory: path.join(directory, "data") }, delete: { enabled: true } },
    http: { addr: address },
    auth: { htpasswd: { realm: "berth-test", path: path.join(directory, "htpasswd") } },
  };
}

async function listeningAddress(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once("error", (error) => reject(new Error("docker-registry is not installed", { cause: error })));
  child.once("exit", (code) => reject(new Error(`docker-registry ended with ${code}`)));
  const lines = createInterface({ input: child.stderr as Readable });
  lines.on("line", (line) => {
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (address) resolve(address);
  });
  return promise;
}

async function push(docker: Docker, imageId: string, repository: string, host: string): Promise<string> {
  await docker.getImage(imageId).tag({ repo: repository, tag: "1" });
  const stream = await docker.getImage(`${repository}:1`).push({
    tag: "1",
    authconfig: { ...registryLogin, serveraddress: host },
  });
  let digest: string | undefined;
  for await (const event of jsonLines<{ error?: string; aux?: { Digest?: string } }>(stream as Readable)) {
    if (event.error) throw new Error(event.error);
    digest = event.aux?.Digest ?? digest;
  }
  if (!digest) throw new Error("the push named no digest");
  return digest;
}
