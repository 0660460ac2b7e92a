import { type ApplyContext, type ImageSource, ProviderError } from "@berth/provider";
import { CallerError } from "./caller-error.ts";
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

type Platform = { os: string; architecture: string };

/** Brings the image to the engine unless it is there; throws IMAGE_PLATFORM_MISMATCH for one the engine cannot run. */
export async function ensureImage(
  setting: Setting,
  pulls: Pulls,
  source: ImageSource,
  context: ApplyContext,
  platform: (signal: AbortSignal) => Promise<Platform>,
): Promise<EnsuredImage> {
  checkSource(source);
  const { signal } = context;
  const found = await findImage(setting.engine, source, signal);
  const image = found ?? (await pullTogether(setting, pulls, source, context));
  checkPlatform(image, await platform(signal));
  if (found) return { image, wasPulled: false };
  await tagAsReference(setting, image.Id, source.reference, signal);
  return { image, wasPulled: true };
}

/**
 * Joins a pull of this digest that is under way, or begins one. A pull uses the credential of whoever began it; when it
 * fails for those who joined, they try with their own, which another registry setting may have handed out.
 */
async function pullTogether(
  setting: Setting,
  pulls: Pulls,
  source: ImageSource,
  context: ApplyContext,
): Promise<ImageInspect> {
  const { signal, report } = context;
  for (;;) {
    let isMine = false;
    try {
      return await pulls.run(
        `${source.pullRepository}@${source.digest}`,
        signal,
        (pullSignal, publish) => {
          isMine = true;
          return pullAndVerify(setting, source, context, pullSignal, publish);
        },
        (progress) => report({ type: "layers", step: "image", ...progress }),
      );
    } catch (error) {
      if (isMine || signal.aborted || !isPersonal(error)) throw error;
    }
  }
}

/** Whether a pull's failure is about who asked, so that another asker may fare better. */
function isPersonal(error: unknown): boolean {
  if (error instanceof ProviderError) return ["CANCELED", "IMAGE_PULL_DENIED", "IMAGE_NOT_FOUND"].includes(error.code);
  return error instanceof CallerError || (error instanceof Error && error.name === "AbortError");
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

/** Refuses an image that the engine could only emulate or not run at all: it would fail late and oddly. */
export function checkPlatform(image: ImageInspect, engine: Platform): void {
  const sameOs = image.Os === "" || image.Os === engine.os;
  const sameArchitecture = image.Architecture === "" || image.Architecture === engine.architecture;
  if (sameOs && sameArchitecture) return;
  throw failure("IMAGE_PLATFORM_MISMATCH", {
    message: `The image is for ${image.Os}/${image.Architecture}; the engine runs ${engine.os}/${engine.architecture}.`,
  });
}
