import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { findEngine } from "../find-engine.ts";

export type OwnEngine = { socketPath: string; close(): Promise<void> };

/** Whether this machine can run an engine of the test's own: root and dockerd. `CI=true` makes a no a failure. */
export function canRunOwnEngine(): boolean {
  const isThere = (program: string) =>
    (process.env.PATH ?? "").split(":").some((directory) => {
      try {
        accessSync(path.join(directory, program), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  const can = process.getuid?.() === 0 && isThere("dockerd") && isThere("unshare");
  if (!can && process.env.CI === "true") throw new Error("An engine of the test's own needs root and dockerd.");
  return can;
}

/**
 * Everything happens in namespaces of its own, and ends with them. The network namespace matters most: an engine without
 * a bridge removes the bridge it finds, which outside would be the real engine's.
 */
const script = `
set -eu
[ "$(readlink /proc/self/ns/net)" != "$OUTER_NETWORK" ]
ip link set lo up
mount -t tmpfs -o "size=$DISK" tmpfs "$ROOT/data"
docker-registry serve "$REGISTRY_CONFIG" &
exec dockerd --data-root "$ROOT/data" --exec-root "$ROOT/exec" --pidfile "$ROOT/pid" -H "unix://$ROOT/engine.sock" \
  --bridge=none --iptables=false --ip-forward=false --ip-masq=false
`;

/**
 * Starts an engine whose disk is a tmpfs of this size and whose containers have no network. It reaches the registry
 * through a second process on the same storage, at the same address in its own network namespace.
 */
export async function startOwnEngine(diskMegabytes: number, registryConfig: string): Promise<OwnEngine> {
  const root = await mkdtemp(path.join(tmpdir(), "berth-engine-"));
  await Promise.all([mkdir(path.join(root, "data")), mkdir(path.join(root, "exec"))]);
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = spawn("unshare", [...namespaces, "sh", "-c", script], {
    stdio: "ignore",
    env: {
      ...process.env,
      OUTER_NETWORK: readlinkSync("/proc/self/ns/net"),
      DISK: `${diskMegabytes}m`,
      ROOT: root,
      REGISTRY_CONFIG: registryConfig,
    },
  });
  const socketPath = path.join(root, "engine.sock");
  await answers(socketPath, child);
  return {
    socketPath,
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

async function answers(socketPath: string, child: ChildProcess): Promise<void> {
  const deadline = AbortSignal.timeout(30_000);
  while (!("engine" in (await findEngine({ sockets: [socketPath] }, deadline)))) {
    if (child.exitCode !== null) throw new Error(`the engine ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
