import { existsSync } from "node:fs";
import path from "node:path";
import { ensureAgentRuntime } from "../lib/agent-runtime.ts";
import type { Steps } from "../lib/bootstrap/steps.mjs";
import { ensureEngine, type ReadyEngine } from "../lib/engine/ensure-engine.ts";
import { connectImages } from "../lib/engine/image-client.ts";
import { ensureBusyboxImage } from "../lib/images/busybox-image.ts";
import { ensureDebianImage } from "../lib/images/debian-image.ts";
import { aptInstall } from "../lib/machine/apt.ts";
import { hasDockerd } from "../lib/machine/dockerd.ts";
import { type Machine, readMachine } from "../lib/machine/machine.ts";
import type { Need } from "./needs.ts";

export type PreparedMachine = {
  missing: ReadonlySet<Need>;
  /** For the tests' environment, when it differs from the default socket. */
  dockerHost: string | undefined;
  /** Stops what was started here. */
  stop(): Promise<void>;
};

/** Debian's packages for the tests, by a file that shows that one is there. */
const packages: Record<string, string> = {
  awscli: "/usr/bin/aws",
  skopeo: "/usr/bin/skopeo",
  "docker-registry": "/usr/bin/docker-registry",
  "busybox-static": "/bin/busybox",
  mmdebstrap: "/usr/bin/mmdebstrap",
};

/** Brings up what the tests run on: programs, an engine, images. What cannot be had is told, and named in the answer. */
export async function prepareMachine(root: string, steps: Steps, signal: AbortSignal): Promise<PreparedMachine> {
  const machine = readMachine();
  const missing = new Set<Need>();
  const attempt = async <T>(lost: Need[], work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      for (const need of lost) missing.add(need);
      steps.note(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  await attempt([], () => installPrograms(machine, steps, signal));
  for (const [need, file] of [
    ["awscli", packages.awscli],
    ["skopeo", packages.skopeo],
    ["distribution", packages["docker-registry"]],
  ] as const) {
    if (!file || !existsSync(file)) missing.add(need);
  }
  await attempt(["images"], () =>
    steps.run("Building the agent for workspaces", (report) => ensureAgentRuntime({ root, report, signal })),
  );
  const logDirectory = path.join(root, ".cache");
  const engine = await attempt(["docker", "images"], () =>
    ensureEngine({ env: process.env, machine, logDirectory, steps, signal }),
  );
  if (engine) await attempt(["images"], () => makeImages(engine, machine, steps, signal));
  return {
    missing,
    dockerHost: engine && "socketPath" in engine.address ? `unix://${engine.address.socketPath}` : undefined,
    stop: async () => engine?.started?.stop(),
  };
}

async function installPrograms(machine: Machine, steps: Steps, signal: AbortSignal): Promise<void> {
  const wanted = Object.entries(packages).flatMap(([name, file]) => (existsSync(file) ? [] : [name]));
  // The tests call the client too, which may be there without the engine, and the other way round.
  if (!hasDockerd()) wanted.push("docker.io");
  if (wanted.length === 0 || !machine.canInstall) return;
  await steps.run(`Installing ${wanted.join(", ")}`, (report) => aptInstall(wanted, report, signal));
}

async function makeImages(engine: ReadyEngine, machine: Machine, steps: Steps, signal: AbortSignal): Promise<void> {
  const images = connectImages(engine.address);
  await steps.run("Making the test images", async (report) => {
    const maker = { images, machine, report, signal };
    await ensureBusyboxImage(maker, { repository: "berth-test/busybox", tag: "1" });
    await ensureDebianImage(maker, { name: { repository: "berth-test/debian", tag: "1" }, user: "dev" });
  });
}
