import type { ImageSource } from "@berth/provider";
import type { EngineClient } from "./engine-client.ts";
import type { ImageInspect } from "./engine-types.ts";
import { failure } from "./failures.ts";

/** What may stand in an Engine API path: `host[:port]/repository`. */
const repositoryPattern = /^[a-zA-Z0-9[][a-zA-Z0-9.:[\]-]*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** Throws IMAGE_NOT_FOUND for a source that no registry can hold; it also keeps odd text out of the engine's paths. */
export function checkSource({ pullRepository, digest }: ImageSource): void {
  if (!repositoryPattern.test(pullRepository) || !digestPattern.test(digest)) {
    throw failure("IMAGE_NOT_FOUND", {
      message: "The image's address is not a valid one.",
      fix: "Import the image again.",
    });
  }
}

/**
 * Looks for the image on the engine, without asking any registry. A digest names content, so a copy pulled from another
 * address is the same image (a registry's address may change between starts).
 */
export async function findImage(
  engine: EngineClient,
  source: ImageSource,
  signal: AbortSignal,
): Promise<ImageInspect | undefined> {
  const direct = await engine.inspectImage(`${source.pullRepository}@${source.digest}`, signal);
  if (direct) return direct;
  const images = await engine.listImages({}, signal);
  const same = images.find(({ RepoDigests }) => hasDigest(RepoDigests, source.digest));
  return same && (await engine.inspectImage(same.Id, signal));
}

/** Whether one of an image's `repository@digest` names ends in this digest. */
export function hasDigest(repoDigests: readonly string[] | null, digest: string): boolean {
  return (repoDigests ?? []).some((name) => name.endsWith(`@${digest}`));
}

/** Takes `host/repository[:tag][@digest]` apart into what the engine's tag call wants; no tag, nothing to do. */
export function tagTarget(reference: string): { repo: string; tag: string } | undefined {
  const match = /^([^@]+):([\w][\w.-]{0,127})(?:@.*)?$/.exec(reference);
  const [, repo, tag] = match ?? [];
  // `host:5000/team/base` has a port, not a tag.
  return repo === undefined || tag === undefined || !repo.includes("/") ? undefined : { repo, tag };
}
