import { type ApplyContext, type ImageSource, ProviderError } from "@berth/provider";
import type { Setting } from "./context.ts";
import type { ImageInspect } from "./engine-types.ts";
import { failure } from "./failures.ts";
import { checkSource, findImage, hasDigest, tagTarget } from "./find-image.ts";
import { pullImage } from "./pull-image.ts";
import type { LayersEvent } from "./pull-progress.ts";
import { type SharedWork, shareWork } from "./shared-work.ts";

export type EnsuredImage = { image: ImageInspect; wasPulled: boolean };

/** Pulls under way on one engine; several workspaces may wait for one. */
export type Pulls = SharedWork<ImageInspect, LayersEvent>;

export function createPulls(): Pulls {
  return shareWork();
}

/** Brings the image to the engine unless it is there. */
export async function ensureImage(
  setting: Setting,
  pulls: Pulls,
  source: ImageSource,
  context: ApplyContext,
): Promise<EnsuredImage> {
  checkSource(source);
  const { signal } = context;
  const found = await findImage(setting.engine, source, signal);
  if (found) return { image: found, wasPulled: false };
  const pull = () =>
    pulls.run(
      `${source.pullRepository}@${source.digest}`,
      signal,
      (pullSignal, publish) => pullAndVerify(setting, source, context, pullSignal, publish),
      (progress) => context.report({ type: "layers", step: "image", ...progress }),
    );
  // The credential came from whoever began the pull; if that one was cancelled while asking, the others begin again.
  const image = await pull().catch((error) => (isCanceled(error) && !signal.aborted ? pull() : Promise.reject(error)));
  await tagAsReference(setting, image.Id, source.reference, signal);
  return { image, wasPulled: true };
}

async function pullAndVerify(
  setting: Setting,
  { pullRepository, digest }: ImageSource,
  context: ApplyContext,
  signal: AbortSignal,
  publish: (progress: LayersEvent) => void,
): Promise<ImageInspect> {
  const request = { repository: pullRepository, digest, credential: () => context.pullCredential() };
  await pullImage(setting, request, signal, publish);
  const image = await setting.engine.inspectImage(`${pullRepository}@${digest}`, signal);
  if (!image || !hasDigest(image.RepoDigests, digest)) throw failure("IMAGE_DIGEST_MISMATCH");
  return image;
}

/** The tag is for people who look at the engine; a start does not fail for want of it. */
async function tagAsReference({ engine, logger }: Setting, id: string, reference: string, signal: AbortSignal) {
  const target = tagTarget(reference);
  if (!target) return;
  try {
    await engine.tagImage(id, target.repo, target.tag, signal);
  } catch (error) {
    signal.throwIfAborted();
    logger?.warn({ err: error, reference }, "the image could not be tagged");
  }
}

function isCanceled(error: unknown): boolean {
  return (error instanceof ProviderError && error.code === "CANCELED") || (error as Error).name === "AbortError";
}

/** Refuses an image that the engine could only emulate or not run at all: it would fail late and oddly. */
export function checkPlatform(image: ImageInspect, engine: { os: string; architecture: string }): void {
  const sameOs = image.Os === "" || image.Os === engine.os;
  const sameArchitecture = image.Architecture === "" || image.Architecture === engine.architecture;
  if (sameOs && sameArchitecture) return;
  throw failure("IMAGE_PLATFORM_MISMATCH", {
    message: `The image is for ${image.Os}/${image.Architecture}; the engine runs ${engine.os}/${engine.architecture}.`,
  });
}
