import { mkdir } from "node:fs/promises";
import path from "node:path";
import { ensureAgentRuntime } from "../lib/agent-runtime.ts";
import { diskRefusal, freeBytes } from "../lib/bootstrap/disk.mjs";
import type { Steps } from "../lib/bootstrap/steps.mjs";
import { ensureEngine, type ReadyEngine, refuseWithoutEngine } from "../lib/engine/ensure-engine.ts";
import { connectImages } from "../lib/engine/image-client.ts";
import { findBusybox } from "../lib/images/find-busybox.ts";
import { adoptDockerd } from "../lib/machine/dockerd.ts";
import { readMachine } from "../lib/machine/machine.ts";
import { announcement } from "./announcement.ts";
import { dockerHostOf, serverEnvironment } from "./child-environment.ts";
import { type Instance, takeInstance } from "./instance.ts";
import { portRefusal } from "./ports.ts";
import { pushSamples } from "./push-samples.ts";
import { type SandboxReady, startSandboxProcess } from "./sandbox.ts";
import { accountOf, openSandboxEcr } from "./sandbox-ecr.ts";
import { type ServerReady, startServerProcess } from "./server.ts";
import type { StartSettings } from "./settings.ts";
import { stopWorkspaces } from "./stop-workspaces.ts";
import type { SupervisedProcess } from "./supervised-process.ts";

export type StartOptions = {
  root: string;
  settings: StartSettings;
  env: NodeJS.ProcessEnv;
  steps: Steps;
  print(text: string): void;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
};

/** What is up, in the order in which it is to be stopped. */
type Running = {
  server?: SupervisedProcess<ServerReady>;
  engine?: ReadyEngine;
  sandbox?: SupervisedProcess<SandboxReady>;
};

/** What the sample images and the agent are made with. */
const sampleTools = ["busybox-static", "mmdebstrap"];
const neededBytes = 1024 ** 3;

/** Brings up Berth, prints where it is, and keeps it up until the signal. Throws one sentence; then nothing is left running. */
export async function start(options: StartOptions): Promise<void> {
  const { settings, signal, steps, print } = options;
  const { dataDirectory } = settings;
  await mkdir(path.join(dataDirectory, "logs"), { recursive: true, mode: 0o700 });
  const instance = await takeInstance(dataDirectory);
  const running: Running = {};
  try {
    await refuseEarly(options);
    await bringUp(options, running, instance);
    if (running.server && running.sandbox) print(announcement(running.server.ready, running.sandbox.ready));
    await aborted(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await takeDown(running, steps);
    instance.release();
  }
}

async function refuseEarly({ settings: { dataDirectory, listen }, env, signal }: StartOptions): Promise<void> {
  const hint = "set BERTH_DATA_DIR to a folder on another disk";
  const disk = { folder: dataDirectory, free: freeBytes(dataDirectory), needed: neededBytes, hint };
  const refusal = diskRefusal(disk) ?? (await portRefusal(listen));
  if (refusal) throw new Error(refusal);
  await refuseWithoutEngine(env, readMachine(), signal);
}

/** Everything that can be done at once is. */
async function bringUp(options: StartOptions, running: Running, instance: Instance): Promise<void> {
  const { settings, env, steps } = options;
  const { dataDirectory } = settings;
  // The first failure ends what else is under way.
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  const events = {
    onNote: (sentence: string) => steps.note(sentence),
    onPid: () => instance.remember(pidsOf(running)),
  };
  const started = <Name extends keyof Running>(name: Name, work: Promise<NonNullable<Running[Name]>>) =>
    work.then((ready) => {
      running[name] = ready;
      instance.remember(pidsOf(running));
      return ready;
    });

  const machine = readMachine();
  const logDirectory = path.join(dataDirectory, "logs");
  const engine = started(
    "engine",
    ensureEngine({ env, machine, logDirectory, alsoInstall: sampleTools, steps, signal }).then((ready) => ({
      ...ready,
      started: ready.started ?? adoptDockerd(instance.inheritedEngine),
    })),
  );
  const sandbox = started(
    "sandbox",
    steps.run("Starting the sandbox AWS", () => startSandboxProcess({ dataDirectory, env }, events, signal)),
  );
  const agentRuntime = steps.run("Building the agent for workspaces", (report) =>
    ensureAgentRuntime({
      root: options.root,
      findBusybox: async () => {
        const { address } = await engine;
        const maker = { images: connectImages(address), machine, report, signal };
        return findBusybox(address, maker, path.join(dataDirectory, "cache"));
      },
      report,
      signal,
    }),
  );
  const samples = Promise.all([engine, sandbox]).then(async ([{ address }, { ready }]) => {
    const ecr = await openSandboxEcr(ready.host, path.join(dataDirectory, "sandbox"), signal);
    await pushSamples({ ecr, host: ready.host, maker: { images: connectImages(address), machine, signal }, steps });
  });
  const server = started(
    "server",
    Promise.all([engine, sandbox, agentRuntime]).then(([{ address }, { ready }, runtime]) => {
      const found = {
        dataDirectory,
        sandbox: ready.host,
        account: accountOf(ready.registry),
        agentRuntime: runtime,
        dockerHost: dockerHostOf(address),
      };
      const childEnv = serverEnvironment(env, found);
      return steps.run("Starting the server", () =>
        startServerProcess({ dataDirectory, env: childEnv }, events, signal),
      );
    }),
  );
  const all = [engine, sandbox, agentRuntime, samples, server];
  try {
    await Promise.all(all);
  } catch (error) {
    failing.abort(error);
    await Promise.allSettled(all);
    throw error;
  }
}

function pidsOf({ server, sandbox, engine }: Running) {
  return {
    children: [server?.pid, sandbox?.pid].filter((pid) => pid !== undefined),
    engine: engine?.started?.pid,
  };
}

const serverGraceMs = 20_000;
const sandboxGraceMs = 5_000;

async function takeDown({ server, engine, sandbox }: Running, steps: Steps): Promise<void> {
  if (server) {
    const { installationId } = server.ready;
    await steps.run("Stopping the server", () => server.stop(serverGraceMs));
    if (engine && installationId) {
      const stopping = () => stopWorkspaces(engine.address, installationId, AbortSignal.timeout(30_000));
      await steps
        .run("Stopping workspaces", stopping)
        .catch((error) => steps.note(`Some workspaces still run (${error.message}); the next start finds them.`));
    }
  }
  if (sandbox) await sandbox.stop(sandboxGraceMs);
  const started = engine?.started;
  if (started) await steps.run("Stopping the container engine", () => started.stop());
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
