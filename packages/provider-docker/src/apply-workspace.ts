import type { ApplyContext, ProviderStep, WorkspaceSpec } from "@berth/provider";
import { workspaceContainer } from "./container.ts";
import type { Setting } from "./context.ts";
import type { ContainerSummary, ImageInspect } from "./engine-types.ts";
import { type EnsuredImage, ensureImage, type Pulls } from "./ensure-image.ts";
import { checkHomeVolume, type HomeState, settleOwnership } from "./home-volume.ts";
import { agentLabels, labelKeys } from "./labels.ts";
import { homeVolumeName } from "./names.ts";
import type { ImageFacts } from "./read-image.ts";
import { findContainers, stopAndRemove } from "./remove-containers.ts";
import type { Slots } from "./slots.ts";
import { createAndStart } from "./start-container.ts";

/** What is shared by all workspaces of one engine. */
export type Shared = {
  setting: Setting;
  pulls: Pulls;
  platform(signal: AbortSignal): Promise<{ os: string; architecture: string }>;
  /** How many workspaces may be starting at a time on this engine. */
  startSlots(signal: AbortSignal): Promise<Slots>;
  factsOf(image: ImageInspect, signal: AbortSignal): Promise<ImageFacts>;
  agentVolume: { get(signal: AbortSignal): Promise<string>; forget(): void };
  /** Whose each home is, as this process last left it. */
  homeOwners: Map<string, { uid: number; gid: number }>;
};

/** Converges one workspace on its spec. */
export async function applyWorkspace(shared: Shared, spec: WorkspaceSpec, context: ApplyContext): Promise<void> {
  const { setting } = shared;
  const { signal } = context;
  signal.throwIfAborted();
  const existing = await findContainers(setting, spec.workspaceId, signal);
  if (existing.some((container) => isUpToDate(container, spec))) return;

  const step = stepReporter(context);
  const { image } = await step("image", async () => {
    const ensured = await ensureImage(setting, shared.pulls, spec.image, context, shared.platform);
    return [ensured, imageDetail(ensured)];
  });
  const inSlot = await shared.startSlots(signal);
  await inSlot(signal, () => startFromImage(shared, spec, image, existing, context, step));
}

/** Everything after the image is there; short, so it waits for its turn rather than crowd the engine. */
async function startFromImage(
  shared: Shared,
  spec: WorkspaceSpec,
  image: ImageInspect,
  existing: ContainerSummary[],
  context: ApplyContext,
  step: Step,
): Promise<void> {
  const { signal } = context;
  const facts = await step("inspect", async () => {
    const read = await shared.factsOf(image, signal);
    return [read, factsDetail(read)];
  });
  const home = await step("home", async () => {
    const state = await homeState(shared, spec.workspaceId, signal);
    return [state, state.kind === "new" ? `New, filled from the image's ${facts.home}` : "Kept from before"];
  });
  // A start that ended by itself may have found no agent; then what is remembered of it is looked at again.
  if (existing.some(({ State }) => State === "exited")) shared.agentVolume.forget();
  const volume = await step("agent", async () => [await shared.agentVolume.get(signal)]);
  await startContainer(shared, { spec, image, facts, home, existing, volume }, context, step);
  shared.homeOwners.set(spec.workspaceId, { uid: facts.user.uid, gid: facts.user.gid });
}

type Ready = {
  spec: WorkspaceSpec;
  image: ImageInspect;
  facts: ImageFacts;
  home: HomeState;
  existing: ContainerSummary[];
  volume: string;
};

async function startContainer(shared: Shared, ready: Ready, { signal, report }: ApplyContext, step: Step) {
  const { setting } = shared;
  const { installationId, agentRuntime } = setting;
  const { spec, image, facts, home, existing, volume } = ready;
  const agent = { ...agentRuntime, volume, labels: agentLabels(installationId, agentRuntime) };
  const body = workspaceContainer({ installationId, spec, image, facts, agent });
  await createAndStart(setting, spec, { body, hasNewHome: home.kind === "new" }, signal, {
    create: (create) =>
      step("container", async () => {
        for (const container of existing) await stopAndRemove(setting, container, signal);
        const id = await create();
        const outcome = await settleOwnership(setting, id, facts, home, signal);
        if (outcome === "corrected" && home.kind !== "new") {
          const message = `Gave the home directory to the image's user (${facts.user.uid}); what is in it keeps its owners.`;
          report({ type: "log", step: "home", level: "warning", message });
        }
        return [id];
      }),
    start: (start) => step("start", async () => [await start()]),
  });
}

function isUpToDate(container: ContainerSummary, spec: WorkspaceSpec): boolean {
  return container.State === "running" && container.Labels[labelKeys.revision] === spec.revision;
}

async function homeState(shared: Shared, workspaceId: string, signal: AbortSignal): Promise<HomeState> {
  const { engine, installationId } = shared.setting;
  const volume = await engine.inspectVolume(homeVolumeName(installationId, workspaceId), signal);
  checkHomeVolume(volume, installationId, workspaceId);
  if (!volume) return { kind: "new" };
  const owner = shared.homeOwners.get(workspaceId);
  return owner ? { kind: "known", ...owner } : { kind: "unknown" };
}

type Step = <T>(step: ProviderStep, work: () => Promise<[T, detail?: string]>) => Promise<T>;

function stepReporter({ signal, report }: ApplyContext): Step {
  return async (step, work) => {
    signal.throwIfAborted();
    report({ type: "step-started", step });
    const [result, detail] = await work();
    report({ type: "step-finished", step, ...(detail === undefined ? {} : { detail }) });
    return result;
  };
}

function imageDetail({ wasPulled }: EnsuredImage): string {
  return wasPulled ? "Pulled from the registry" : "Already on this engine";
}

function factsDetail({ user, home }: ImageFacts): string {
  const shell = user.shell === undefined ? "" : `, shell ${user.shell}`;
  return `User ${user.name ?? user.uid}, home ${home}${shell}`;
}
