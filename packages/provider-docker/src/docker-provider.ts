import type {
  ApplyContext,
  Observation,
  ObservedWorkspace,
  ProviderInfo,
  WorkspaceProvider,
  WorkspaceSpec,
} from "@berth/provider";
import { applyWorkspace, type Shared } from "./apply-workspace.ts";
import { CallerError } from "./caller-error.ts";
import { toProviderError } from "./classify-engine-error.ts";
import type { AgentRuntime, Clock, Logger, Setting } from "./context.ts";
import type { EngineAddress } from "./engine-address.ts";
import { connectEngine } from "./engine-client.ts";
import { removeStaleHelpers } from "./helper-container.ts";
import { carries, homeLabels, kindLabels, labelKeys } from "./labels.ts";
import { logLines } from "./log-lines.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { homeVolumeName } from "./names.ts";
import { observeContainer } from "./observe.ts";
import { findContainers, removeNow, stopAndRemove } from "./remove-containers.ts";
import { createShared } from "./shared.ts";
import { takeTurns } from "./turns.ts";
import { watchEvents } from "./watch-events.ts";

export type DockerProviderOptions = {
  engine: EngineAddress;
  installationId: string;
  agentRuntime: AgentRuntime;
  clock: Clock;
  logger?: Logger;
};

const absent = (hasHome: boolean): Observation => ({ state: "absent", hasHome });

/** Runs workspaces on one engine that speaks the Docker Engine API (1.41 or later). */
export function createDockerProvider(options: DockerProviderOptions): WorkspaceProvider {
  const { installationId, agentRuntime, clock, logger } = options;
  const setting: Setting = { engine: connectEngine(options.engine), installationId, agentRuntime, clock, logger };
  const shared = createShared(setting);
  const inTurn = takeTurns();

  /** Everything that leaves this provider is a `ProviderError`. */
  const guard = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CallerError) throw error.cause;
      const known = toProviderError(error);
      if (known.code !== "CANCELED") logger?.warn({ err: known.cause ?? known, code: known.code }, `${what} failed`);
      throw known;
    }
  };

  return {
    kind: "docker",
    describe: (signal) => guard("describing the engine", () => describe(setting, signal)),
    apply: (spec: WorkspaceSpec, context: ApplyContext) =>
      guard("starting a workspace", () =>
        inTurn(spec.workspaceId, context.signal, () => applyWorkspace(shared, spec, context)),
      ),
    observe: (workspaceId, signal) => guard("observing a workspace", () => observe(setting, workspaceId, signal)),
    stop: (workspaceId, signal) =>
      guard("stopping a workspace", () => inTurn(workspaceId, signal, () => stop(setting, workspaceId, signal))),
    remove: (workspaceId, signal) =>
      guard("removing a workspace", () => inTurn(workspaceId, signal, () => remove(shared, workspaceId, signal))),
    tailLogs: (workspaceId, lines, signal) =>
      guard("reading a workspace's log", () => tailLogs(setting, workspaceId, lines, signal)),
    list: (signal) => guard("listing workspaces", () => list(setting, signal)),
    watch: (onChange, signal) => void watchEvents(setting, onChange, signal),
  };
}

async function describe({ engine }: Setting, signal: AbortSignal): Promise<ProviderInfo> {
  const [version, info] = await Promise.all([engine.version(signal), engine.info(signal)]);
  return {
    kind: "docker",
    version: version.Version,
    platforms: [`${version.Os}/${version.Arch}`],
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    enforcesDisk: false,
  };
}

async function observe(setting: Setting, workspaceId: string, signal: AbortSignal): Promise<Observation> {
  const { engine, installationId } = setting;
  for (const { Id } of await findContainers(setting, workspaceId, signal)) {
    const observation = observeContainer(await engine.inspectContainer(Id, signal));
    if (observation) return observation;
  }
  const volume = await engine.inspectVolume(homeVolumeName(installationId, workspaceId), signal);
  return absent(carries(homeLabels(installationId, workspaceId), volume?.Labels));
}

async function stop(setting: Setting, workspaceId: string, signal: AbortSignal): Promise<void> {
  for (const container of await findContainers(setting, workspaceId, signal)) {
    await stopAndRemove(setting, container, signal);
  }
}

async function remove({ setting, homeOwners }: Shared, workspaceId: string, signal: AbortSignal): Promise<void> {
  const { engine, installationId } = setting;
  for (const { Id } of await findContainers(setting, workspaceId, signal)) await removeNow(setting, Id, signal);
  for (const { Name } of await engine.listVolumes(homeLabels(installationId, workspaceId), signal)) {
    await engine.removeVolume(Name, signal);
  }
  homeOwners.delete(workspaceId);
}

async function tailLogs(setting: Setting, workspaceId: string, lines: number, signal: AbortSignal): Promise<string[]> {
  const [container] = await findContainers(setting, workspaceId, signal);
  return container ? logLines(await setting.engine.logs(container.Id, lines, signal), lines) : [];
}

async function list(setting: Setting, signal: AbortSignal): Promise<ObservedWorkspace[]> {
  const { engine, installationId } = setting;
  await removeStaleHelpers(setting, signal);
  const [containers, homes] = await Promise.all([
    engine.listContainers(kindLabels(installationId, "workspace"), signal),
    engine.listVolumes(kindLabels(installationId, "home"), signal),
  ]);
  const observed = new Map<string, Observation>();
  for (const { Labels } of homes) {
    const workspaceId = Labels?.[labelKeys.workspace];
    if (workspaceId !== undefined) observed.set(workspaceId, absent(true));
  }
  await mapConcurrently(containers, 8, async ({ Id, Labels }) => {
    const observation = observeContainer(await engine.inspectContainer(Id, signal));
    const workspaceId = Labels[labelKeys.workspace];
    if (workspaceId !== undefined && observation) observed.set(workspaceId, observation);
  });
  return [...observed].map(([workspaceId, observation]) => ({ workspaceId, observation }));
}
