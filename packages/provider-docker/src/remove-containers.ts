import { stopGraceSeconds } from "./container.ts";
import type { Setting } from "./context.ts";
import { isConflict, isNotFound } from "./engine-error.ts";
import type { ContainerSummary } from "./engine-types.ts";
import { kindLabels, labelKeys } from "./labels.ts";

/** Finds a workspace's containers by label; more than one only after a crash. */
export function findContainers(
  { engine, installationId }: Setting,
  workspaceId: string,
  signal: AbortSignal,
): Promise<ContainerSummary[]> {
  const labels = { ...kindLabels(installationId, "workspace"), [labelKeys.workspace]: workspaceId };
  return engine.listContainers(labels, signal);
}

/** Ends a container, by TERM first when it runs, and removes it with its anonymous volumes. */
export async function stopAndRemove(setting: Setting, container: ContainerSummary, signal: AbortSignal): Promise<void> {
  if (container.State === "running") {
    await setting.engine.stopContainer(container.Id, stopGraceSeconds, signal).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }
  await removeNow(setting, container.Id, signal);
}

/** Removes a container at once; one that is gone, or being removed by somebody else, is waited for. */
export async function removeNow({ engine }: Setting, nameOrId: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.removeContainer(nameOrId, signal);
  } catch (error) {
    if (isNotFound(error)) return;
    if (!isConflict(error)) throw error;
    await engine.waitRemoved(nameOrId, signal);
  }
}
