import { formatPlatform, type Platform, RegistryError } from "@berth/oci";
import { BerthError } from "../berth-error.ts";
import type { ResolvedImage } from "../registries/ecr-gateway.ts";

/** What the registry says about a tag, as it is stored. */
export type TagFacts = {
  digest: string;
  mediaType: string;
  /** Those a workspace could run on, e.g. `linux/amd64`. */
  platforms: string[];
  sizeBytes: number | null;
  pushedAt: Date | null;
};

type Known = { repository: string; tag: string };

/**
 * Reads what a tag is, for running workspaces of it. Throws IMAGE_NOT_RUNNABLE where no entry is an image for Linux:
 * charts, signatures and attestations have no platform, and Windows images none of ours.
 */
export function readTagFacts({ repository, tag }: Known, resolved: ResolvedImage): TagFacts {
  const platforms = resolved.images.flatMap(({ platform }) => (platform ? [platform] : []));
  const runnable = platforms.filter(({ os }) => os === "linux");
  if (runnable.length === 0) throw notRunnable({ repository, tag }, reasonFor(platforms));
  return {
    digest: resolved.digest,
    mediaType: resolved.mediaType,
    platforms: [...new Set(runnable.map(formatPlatform))].sort(),
    sizeBytes: resolved.sizeBytes,
    pushedAt: resolved.pushedAt ?? null,
  };
}

/** Gives the registry's "that is no image" the meaning it has for an import; every other error stays as it is. */
export function importFailure(known: Known, error: unknown): unknown {
  const isArtifact = error instanceof RegistryError && error.code === "MANIFEST_UNSUPPORTED";
  return isArtifact ? notRunnable(known, "it is not a container image", error) : error;
}

function reasonFor(platforms: readonly Platform[]): string {
  if (platforms.length === 0) return "it has no platform, as charts, signatures and attestations have none";
  return `it is for ${platforms.map(formatPlatform).join(", ")}, and workspaces run Linux`;
}

function notRunnable({ repository, tag }: Known, reason: string, cause?: unknown): BerthError {
  return new BerthError("IMAGE_NOT_RUNNABLE", `${repository}:${tag} cannot run: ${reason}.`, { cause });
}
