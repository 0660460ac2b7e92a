import { randomBytes } from "node:crypto";
import type { Setting } from "./context.ts";
import { isConflict, isNotFound } from "./engine-error.ts";
import type { MountPoint } from "./engine-types.ts";
import { kindLabels } from "./labels.ts";
import { helperName } from "./names.ts";

/** A helper older than this was left by a crash. */
const staleAfterMs = 15 * 60_000;

export type HelperRequest = { image: string; mounts?: MountPoint[] };

/**
 * Creates a container that is never started, lends its id, and removes it, whatever happens. Through it the engine
 * reads an image's files and fills volumes without running anything.
 */
export async function withHelper<T>(
  { engine, installationId, logger }: Setting,
  request: HelperRequest,
  use: (containerId: string) => Promise<T>,
): Promise<T> {
  const id = await engine.createContainer(helperName(installationId, randomBytes(6).toString("hex")), {
    Image: request.image,
    Cmd: ["none"],
    NetworkDisabled: true,
    Labels: kindLabels(installationId, "helper"),
    HostConfig: { Mounts: request.mounts ?? [] },
  });
  try {
    return await use(id);
  } finally {
    // Not under the caller's signal: a cancelled asker leaves nothing behind either.
    await engine.removeContainer(id, new AbortController().signal).catch((error) => {
      if (!isNotFound(error) && !isConflict(error)) logger?.warn({ err: error, id }, "a helper container stays behind");
    });
  }
}

/** Removes what a crash left behind. Other processes of the same installation may be using young ones. */
export async function removeStaleHelpers(
  { engine, installationId, clock }: Setting,
  signal: AbortSignal,
): Promise<void> {
  const labels = kindLabels(installationId, "helper");
  const isStale = ({ Created }: { Created: number }) => clock.now() - Created * 1000 > staleAfterMs;
  const [containers, images] = await Promise.all([
    engine.listContainers(labels, signal),
    engine.listImages(labels, signal),
  ]);
  for (const { Id } of containers.filter(isStale)) await unlessTaken(engine.removeContainer(Id, signal));
  for (const { Id } of images.filter(isStale)) await unlessTaken(engine.removeImage(Id, signal));
}

/** Somebody else may be removing it, or be using it after all. */
async function unlessTaken(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
