import path from "node:path";
import type { Setting } from "./context.ts";
import type { MountPoint, VolumeInspect } from "./engine-types.ts";
import { failure } from "./failures.ts";
import { isInside } from "./home-directory.ts";
import { carries, homeLabels } from "./labels.ts";
import { homePartVolumeName, homeVolumeName } from "./names.ts";
import { type ImageFacts, type Ownership, readOwnership } from "./read-image.ts";
import { packTar } from "./tar.ts";

/**
 * Mounts home. The engine makes the volume with the container and fills it from the image when it is new. A directory
 * below home that the image declares a volume gets one of its own, kept as home is; otherwise the engine would put an
 * anonymous one there, and a part of home would be lost with every stop.
 */
export function homeMounts(
  installationId: string,
  workspaceId: string,
  homeTarget: string,
  imageVolumes: readonly string[],
): MountPoint[] {
  const mount = (name: string, target: string): MountPoint => ({
    Type: "volume",
    Source: name,
    Target: target,
    VolumeOptions: { Labels: homeLabels(installationId, workspaceId) },
  });
  const parts = imageVolumes
    .map((declared) => path.posix.resolve("/", declared))
    .filter((declared) => isInside(declared, homeTarget));
  return [
    mount(homeVolumeName(installationId, workspaceId), homeTarget),
    ...[...new Set(parts)].sort().map((part) => mount(homePartVolumeName(installationId, workspaceId, part), part)),
  ];
}

/** Refuses a volume of that name that somebody else made: mounting it would give their files away. */
export function checkHomeVolume(volume: VolumeInspect | undefined, installationId: string, workspaceId: string): void {
  if (volume && !carries(homeLabels(installationId, workspaceId), volume.Labels)) {
    throw failure("ENGINE_FAILED", {
      message: `A volume named ${volume.Name} exists on the engine, and Berth did not make it.`,
      fix: `Rename or remove the volume: docker volume rm ${volume.Name}`,
    });
  }
}

/** What is known about who owns the root of home before the workspace starts. */
export type HomeState =
  /** The engine has just made it, as the image has it. */
  | { kind: "new" }
  /** It was like this when this process last saw it; the workspace's user may have changed it since, which is theirs to do. */
  | { kind: "known"; uid: number; gid: number }
  | { kind: "unknown" };

/** Whether home has to be given to its user: no, yes with this mode, or look first. */
export function planOwnership(state: HomeState, facts: ImageFacts): "right" | "look" | Ownership {
  const { uid, gid } = facts.user;
  switch (state.kind) {
    case "known":
      return state.uid === uid && state.gid === gid ? "right" : "look";
    case "unknown":
      return "look";
    case "new":
      return correction(facts.homeOwnership ?? { uid: -1, gid: -1, mode: 0o755 }, facts.user);
  }
}

function correction(actual: Ownership, user: { uid: number; gid: number }): "right" | Ownership {
  if (actual.uid === user.uid && actual.gid === user.gid) return "right";
  return { uid: user.uid, gid: user.gid, mode: actual.mode };
}

/** Gives the root of home to its user where it is not theirs; content and its owners stay as they are. */
export async function settleOwnership(
  { engine, clock }: Setting,
  containerId: string,
  facts: ImageFacts,
  state: HomeState,
  signal: AbortSignal,
): Promise<"right" | "corrected"> {
  let plan = planOwnership(state, facts);
  if (plan === "look") {
    const actual = await readOwnership(engine, containerId, facts.homeTarget, signal);
    plan = correction(actual ?? { uid: -1, gid: -1, mode: 0o755 }, facts.user);
  }
  if (plan === "right") return "right";
  // An entry for the root itself (`./`) would be skipped by the engine; one in the parent directory is applied.
  const { dir, base } = path.posix.parse(facts.homeTarget);
  const tar = await packTar([{ name: `${base}/`, type: "directory", ...plan, mtime: new Date(clock.now()) }]);
  await engine.putArchive(containerId, dir, tar, signal);
  return "corrected";
}
