import { randomBytes } from "node:crypto";
import type { Setting } from "./context.ts";
import { isConflict } from "./engine-error.ts";
import type { MountPoint, VolumeInspect } from "./engine-types.ts";
import { failure } from "./failures.ts";
import { removeStaleHelpers, withHelper } from "./helper-container.ts";
import { agentLabels, kindLabels } from "./labels.ts";
import { agentVolumeName } from "./names.ts";
import { emptyImageTar, packTar } from "./tar.ts";

/** Written last, so a volume that has it is whole. */
const marker = ".complete";
/** A volume without its marker for so long was left by a crash. */
const staleAfterMs = 15 * 60_000;

/**
 * Answers the name of a volume that holds this version of the agent, filling one if there is none. A volume is filled
 * once, by the one who made it, and never written again: whoever dies midway leaves a volume that nobody uses, and two
 * who fill at once make two, of which the older is used from then on. So no lock is needed, and no running workspace
 * sees its agent change.
 */
export async function ensureAgentVolume(setting: Setting, signal: AbortSignal): Promise<string> {
  const { engine, installationId, agentRuntime } = setting;
  const candidates = (await engine.listVolumes(agentLabels(installationId, agentRuntime), signal)).sort(byAge);
  const name = await withEmptyImage(setting, signal, async (image) => {
    const found = await firstComplete(setting, image, candidates, signal);
    return found ?? (await fillNewVolume(setting, image, signal));
  });
  await removeUnused(setting, name, signal);
  return name;
}

/** Containers are made from images, so one is made for them, with nothing in it, and removed with them. */
async function withEmptyImage<T>(
  { engine, installationId, logger }: Setting,
  signal: AbortSignal,
  use: (image: string) => Promise<T>,
): Promise<T> {
  const image = await engine.importImage(await emptyImageTar(), kindLabels(installationId, "helper"), signal);
  try {
    return await use(image);
  } finally {
    await engine.removeImage(image, new AbortController().signal).catch((error) => {
      logger?.warn({ err: error, image }, "an empty image stays behind");
    });
  }
}

function byAge(a: VolumeInspect, b: VolumeInspect): number {
  return (a.CreatedAt ?? "").localeCompare(b.CreatedAt ?? "") || a.Name.localeCompare(b.Name);
}

async function firstComplete(
  setting: Setting,
  image: string,
  volumes: VolumeInspect[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (volumes.length === 0) return undefined;
  const target = (index: number) => `/candidate-${index}`;
  const mounts = volumes.map(({ Name }, index) => mountOf(Name, target(index)));
  return withHelper(setting, { image, mounts }, async (id) => {
    for (const [index, { Name }] of volumes.entries()) {
      if (await setting.engine.statArchive(id, `${target(index)}/${marker}`, signal)) return Name;
    }
    return undefined;
  });
}

async function fillNewVolume(setting: Setting, image: string, signal: AbortSignal): Promise<string> {
  const { engine, installationId, agentRuntime } = setting;
  const name = agentVolumeName(installationId, agentRuntime, randomBytes(4).toString("hex"));
  const mount = mountOf(name, "/agent", agentLabels(installationId, agentRuntime));
  try {
    await withHelper(setting, { image, mounts: [mount] }, async (id) => {
      await putRuntime(setting, id, signal);
      // `run` has to exist, since the socket's directory is mounted there and the volume is read-only by then.
      const last = await packTar([
        { name: "run/", type: "directory", mode: 0o755 },
        { name: marker, mode: 0o444, body: agentRuntime.version },
      ]);
      await engine.putArchive(id, "/agent", last, signal);
    });
    return name;
  } catch (error) {
    await removeVolume(setting, name, new AbortController().signal);
    throw error;
  }
}

async function putRuntime({ engine, agentRuntime }: Setting, id: string, signal: AbortSignal): Promise<void> {
  const tar = agentRuntime.openTar();
  let unreadable: unknown;
  tar.once("error", (error) => {
    unreadable = error;
  });
  try {
    await engine.putArchive(id, "/agent", tar, signal);
  } catch (error) {
    if (unreadable === undefined) throw error;
    throw failure("AGENT_RUNTIME_MISSING", {
      message: "Berth's agent could not be read on the server.",
      fix: "Reinstall or rebuild Berth: the agent's files are part of it.",
      cause: unreadable,
    });
  }
}

function mountOf(volume: string, target: string, labels?: Record<string, string>): MountPoint {
  return {
    Type: "volume",
    Source: volume,
    Target: target,
    VolumeOptions: { NoCopy: true, ...(labels ? { Labels: labels } : {}) },
  };
}

/** Other versions, and what crashes left; one that a container uses stays, the engine sees to that. */
async function removeUnused(setting: Setting, kept: string, signal: AbortSignal): Promise<void> {
  // A helper whose process was killed still holds the volume it was filling.
  await removeStaleHelpers(setting, signal);
  const all = await setting.engine.listVolumes(kindLabels(setting.installationId, "agent"), signal);
  for (const { Name, CreatedAt } of all) {
    const age = setting.clock.now() - Date.parse(CreatedAt ?? "");
    if (Name !== kept && age > staleAfterMs) await removeVolume(setting, Name, signal);
  }
}

async function removeVolume({ engine, logger }: Setting, name: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.removeVolume(name, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isConflict(error)) logger?.warn({ err: error, volume: name }, "an agent volume stays behind");
  }
}
