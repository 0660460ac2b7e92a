import { formatReference, parseDigest } from "@berth/oci";
import type { PullCredential, ImageSource as PulledImage } from "@berth/provider";
import { notFound } from "../authorization.ts";
import { failureOf } from "../failure.ts";
import type { EcrGateway } from "../registries/ecr-gateway.ts";
import type { Connection, RegistryConnections } from "../registries/registry-connections.ts";
import type { ImageRecord } from "./image.ts";
import type { TagOutcome } from "./image-refresh.ts";
import { requireTag } from "./images.ts";
import { lookUpTag, type TagFacts } from "./tag-facts.ts";

export type ImageSourceDeps = {
  images: {
    find(id: string): Promise<ImageRecord | undefined>;
    /** Where an image is, without its tags: asked at every pull. */
    locate(id: string): Promise<{ registryId: string; host: string; repository: string } | undefined>;
    recordOutcomes(id: string, outcomes: ReadonlyMap<string, TagOutcome>): Promise<unknown>;
  };
  connections: RegistryConnections;
  ecr: Pick<EcrGateway, "authorization" | "forget" | "pullHost">;
};

/** A pull of a large image over a thin line must not outlive its credential. */
const minRemainingMs = 60 * 60_000;

/** What workspaces need of images, by image id. It decides nothing about people: callers have authorized. */
export class ImageSource {
  readonly #deps: ImageSourceDeps;

  constructor(deps: ImageSourceDeps) {
    this.#deps = deps;
  }

  /**
   * Asks the registry where a tag points now, and stores the answer or the failure with the tag. Throws NOT_FOUND,
   * IMAGE_TAG_NOT_FOUND, IMAGE_NOT_RUNNABLE and the registry's failures.
   */
  async resolveTag(imageId: string, tag: string, signal: AbortSignal): Promise<TagFacts> {
    const image = await this.#deps.images.find(imageId);
    if (!image) throw notFound("image");
    requireTag(image, tag);
    const { repository } = image;
    try {
      const { catalog } = await this.#deps.connections.open(image.registry.id);
      const facts = await lookUpTag(catalog, { repository, tag }, signal);
      await this.#deps.images.recordOutcomes(imageId, new Map([[tag, { facts }]]));
      return facts;
    } catch (error) {
      signal.throwIfAborted();
      await this.#deps.images.recordOutcomes(imageId, new Map([[tag, { failure: failureOf(error) }]]));
      throw error;
    }
  }

  /** The name an engine gives the image, and where its bytes come from. Throws NOT_FOUND. */
  async pullSource(imageId: string, tag: string, digest: string): Promise<PulledImage> {
    const { host, repository } = await this.#locate(imageId);
    return {
      reference: formatReference({ registry: host, repository, tag }),
      digest: parseDigest(digest),
      pullRepository: `${this.#deps.ecr.pullHost(host)}/${repository}`,
    };
  }

  /** A login good for at least an hour. Throws NOT_FOUND and the registry's failures. */
  async pullCredential(imageId: string, signal: AbortSignal): Promise<PullCredential> {
    const { host, keys } = await this.#connection(imageId);
    const request = { registry: host, credentials: keys, minRemainingMs, signal };
    const { username, password, expiresAt } = await this.#deps.ecr.authorization(request);
    return { username, password, expiresAt };
  }

  /** Drops the tokens of an image's registry, so that the next pull asks for a fresh one. Throws NOT_FOUND. */
  async purge(imageId: string): Promise<void> {
    const { host, keys } = await this.#connection(imageId);
    await this.#deps.ecr.forget(host, keys);
  }

  async #connection(imageId: string): Promise<Connection> {
    return await this.#deps.connections.open((await this.#locate(imageId)).registryId);
  }

  async #locate(imageId: string) {
    const place = await this.#deps.images.locate(imageId);
    if (!place) throw notFound("image");
    return place;
  }
}
