import { formatPlatform, RegistryError } from "@berth/oci";
import { BerthError } from "../berth-error.ts";
import type { EcrCatalog, ResolvedImage } from "../registries/ecr-gateway.ts";

/** What the registry says about a tag, as it is stored. */
export type TagFacts = {
  digest: string;
  mediaType: string;
  /** Those a workspace could run on, e.g. `linux/amd64`; none where the key may not read them. */
  platforms: string[];
  sizeBytes: number | null;
  /** `null` when it was not asked for, or the key may not list. */
  pushedAt: Date | null;
};

type Known = { repository: string; tag: string };

/**
 * Reads what a tag is, for running workspaces of it. Throws IMAGE_NOT_RUNNABLE for what is no image, and for images
 * that are all for other systems than Linux.
 */
export function readTagFacts(known: Known, resolved: ResolvedImage, pushedAt: Date | null = null): TagFacts {
  if (resolved.images.length === 0) throw notRunnable(known, "it is not a container image");
  const platforms = resolved.images.flatMap(({ platform }) => (platform ? [platform] : []));
  const runnable = platforms.filter(({ os }) => os === "linux");
  if (platforms.length > 0 && runnable.length === 0) {
    throw notRunnable(known, `it is for ${platforms.map(formatPlatform).join(", ")}, and workspaces run Linux`);
  }
  return {
    digest: resolved.digest,
    mediaType: resolved.mediaType,
    platforms: [...new Set(runnable.map(formatPlatform))].sort(),
    sizeBytes: resolved.sizeBytes,
    pushedAt,
  };
}

/** Gives the registry's "that is no image" (a chart, a signature …) the meaning it has here; other errors stay. */
export function runnableFailure(known: Known, error: unknown): unknown {
  const isArtifact = error instanceof RegistryError && error.code === "MANIFEST_UNSUPPORTED";
  return isArtifact ? notRunnable(known, "it is not a container image", error) : error;
}

/** Asks the registry what a tag is. Throws IMAGE_NOT_RUNNABLE and the registry's failures. */
export async function lookUpTag(catalog: EcrCatalog, known: Known, signal: AbortSignal): Promise<TagFacts> {
  try {
    return readTagFacts(known, await catalog.resolve(known.repository, known.tag, { signal }));
  } catch (error) {
    throw runnableFailure(known, error);
  }
}

/** What only a key that may list can know, else `instead`: it is no reason to refuse what can be pulled. */
export async function ifKnown<Result>(asked: Promise<Result>, instead: Result): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RegistryError) return instead;
    throw error;
  }
}

function notRunnable({ repository, tag }: Known, reason: string, cause?: unknown): BerthError {
  return new BerthError("IMAGE_NOT_RUNNABLE", `${repository}:${tag} cannot run: ${reason}.`, { cause });
}
