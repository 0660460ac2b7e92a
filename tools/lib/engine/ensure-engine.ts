import path from "node:path";
import type { EngineAddress, FoundEngine } from "@berth/provider-docker";
import type { Steps } from "../bootstrap/steps.mjs";
import { aptInstall } from "../machine/apt.ts";
import { hasDockerd, type StartedDockerd, startDockerd } from "../machine/dockerd.ts";
import type { Machine } from "../machine/machine.ts";
import { engineRefusal } from "./engine-refusal.ts";
import { locateEngine } from "./locate-engine.ts";

export type ReadyEngine = { address: EngineAddress; version: string; started: StartedDockerd };

export type EnsureEngineOptions = {
  env: NodeJS.ProcessEnv;
  machine: Machine;
  /** Gets dockerd's log. */
  logDirectory: string;
  /** Debian packages that will be wanted soon: one installation is faster than several. */
  alsoInstall?: readonly string[];
  steps: Steps;
  signal: AbortSignal;
};

/** Throws the one sentence when no engine answers and none can be started here. */
export async function refuseWithoutEngine(
  env: NodeJS.ProcessEnv,
  machine: Machine,
  signal: AbortSignal,
): Promise<FoundEngine> {
  const found = await locateEngine(env, signal);
  if ("engine" in found) return found;
  const refusal = engineRefusal({ reasons: found.reasons, machine, isOrdered: Boolean(env.DOCKER_HOST) });
  if (refusal) throw new Error(refusal);
  return found;
}

/** Finds a container engine, or installs and starts one where that is ours to do. Throws one sentence when there is none. */
export async function ensureEngine(options: EnsureEngineOptions): Promise<ReadyEngine> {
  const { env, machine, alsoInstall = [], steps, signal } = options;
  const found = await refuseWithoutEngine(env, machine, signal);
  if ("engine" in found) return { address: found.engine, version: found.version, started: undefined };
  if (!hasDockerd()) {
    await steps.run("Installing a container engine", (report) =>
      aptInstall(["docker.io", ...alsoInstall], report, signal),
    );
  }
  return steps.run("Starting the container engine", () => start(options));
}

async function start({ env, machine, logDirectory, signal }: EnsureEngineOptions): Promise<ReadyEngine> {
  const answers = async () => "engine" in (await locateEngine(env, signal));
  // Installing may have started it.
  const started = (await answers())
    ? undefined
    : await startDockerd({ machine, logFile: path.join(logDirectory, "dockerd.log"), answers, signal });
  const found = await locateEngine(env, signal);
  if (!("engine" in found)) throw new Error("The container engine stopped answering as soon as it had started.");
  return { address: found.engine, version: found.version, started };
}
