import { setTimeout as sleep } from "node:timers/promises";
import type { Setting } from "./context.ts";
import { EngineError } from "./engine-error.ts";
import type { ContainerBody } from "./engine-types.ts";
import { carries, homeLabels } from "./labels.ts";
import { removeNow } from "./remove-containers.ts";

/** How long a start that failed waits for the engine to tell what it made. */
const lateAnswerMs = 10_000;
/** When an engine whose answer was lost is asked whether it made the container all the same. */
const lookAgainMs = [0, 100, 400, 1000];

export type HalfMade = {
  name: string;
  body: ContainerBody;
  creating: Promise<string>;
  /** The workspace whose home this very start made. Nobody has used it, and it may be half filled: it goes too. */
  newHomeOf: string | undefined;
};

/** Removes what a failed start left. Does not throw; what it cannot remove, the next start finds by its labels. */
export async function discard(setting: Setting, halfMade: HalfMade): Promise<void> {
  // Not under the caller's signal, which may be why we are here.
  const { signal } = new AbortController();
  const removal = removeAll(setting, halfMade, signal).catch((error) => {
    setting.logger?.warn({ err: error, container: halfMade.name }, "a half-made container stays until the next start");
  });
  const timer = new AbortController();
  await Promise.race([removal, sleep(lateAnswerMs, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}

async function removeAll(setting: Setting, { name, body, creating, newHomeOf }: HalfMade, signal: AbortSignal) {
  try {
    await removeNow(setting, await creating, signal);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    // Refused: no container was made. Unanswered: one may have been, or may be soon.
    if (error.status === undefined) await removeByName(setting, name, body, signal);
  }
  if (newHomeOf === undefined) return;
  const volumes = await setting.engine.listVolumes(homeLabels(setting.installationId, newHomeOf), signal);
  for (const { Name } of volumes) await setting.engine.removeVolume(Name, signal);
}

async function removeByName(setting: Setting, name: string, body: ContainerBody, signal: AbortSignal): Promise<void> {
  for (const pauseMs of lookAgainMs) {
    await sleep(pauseMs);
    const container = await setting.engine.inspectContainer(name, signal);
    if (!container) continue;
    if (carries(body.Labels, container.Config.Labels)) await removeNow(setting, container.Id, signal);
    return;
  }
}
