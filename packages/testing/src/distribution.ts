import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

export type DistributionOptions = {
  /** Asks for a user name and password (see `Distribution.login`); open to all otherwise. */
  auth?: "basic";
};

/** A running CNCF Distribution. */
export type Distribution = {
  /** `127.0.0.1:PORT`, without TLS. */
  host: string;
  login: { username: string; password: string } | undefined;
  stop(): Promise<void>;
};

// The registry takes bcrypt only, which Node lacks; so there is one user, whose hash was made beforehand.
const login = { username: "tester", password: "correct-horse" };
const htpasswd = `${login.username}:$2b$05$berthtestingsaltfixeduD/7juRFNs50lZCSMyv8iBMRCH0O2Hjy\n`;

const startWithinMs = 15_000;

/** Starts Debian's `docker-registry` on a port and a store of its own. */
export async function startDistribution({ auth }: DistributionOptions = {}): Promise<Distribution> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "berth-registry-"));
  await mkdir(path.join(folder, "store"));
  await writeFile(path.join(folder, "htpasswd"), htpasswd);
  await writeFile(path.join(folder, "config.json"), JSON.stringify(configuration(folder, auth), null, 2));
  const child = spawn("docker-registry", ["serve", path.join(folder, "config.json")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const port = await listeningPort(child);
    return { host: `127.0.0.1:${port}`, login: auth ? login : undefined, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** JSON is YAML, which is what the registry reads. */
function configuration(folder: string, auth: DistributionOptions["auth"]) {
  return {
    version: "0.1",
    log: { level: "info", formatter: "json" },
    storage: { filesystem: { rootdirectory: path.join(folder, "store") }, delete: { enabled: true } },
    http: { addr: "127.0.0.1:0" },
    ...(auth && { auth: { htpasswd: { realm: "berth tests", path: path.join(folder, "htpasswd") } } }),
  };
}

function listeningPort(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    let words = "";
    const timer = setTimeout(() => reject(new Error(`docker-registry does not listen: ${words}`)), startWithinMs);
    child.on("error", reject);
    child.on("close", () => reject(new Error(`docker-registry ended: ${words}`)));
    child.stderr?.on("data", (chunk) => {
      words = (words + chunk).slice(-10_000);
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(words)?.[1];
      if (!port) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}
