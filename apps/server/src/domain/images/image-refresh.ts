import type { Failure, Image } from "@berth/api";
import { isIndexMediaType, RegistryError } from "@berth/oci";
import type { Actor, Origin } from "../actor.ts";
import type { AuditLog } from "../audit.ts";
import { authorize, notFound } from "../authorization.ts";
import { failureOf } from "../failure.ts";
import type { EcrCatalog, ResolvedImage } from "../registries/ecr-gateway.ts";
import type { RegistryConnections } from "../registries/registry-connections.ts";
import type { Transact } from "../transact.ts";
import { type ImageRecord, type ImageTagRecord, imageView } from "./image.ts";
import { entryFor, resource } from "./images.ts";
import { ifKnown, readTagFacts, runnableFailure, type TagFacts } from "./tag-facts.ts";

/** What looking a tag up gave: what it is now, or why nobody knows. */
export type TagOutcome = { facts: TagFacts } | { failure: Failure };

export type ImageRefreshDeps = {
  images: { find(id: string): Promise<ImageRecord | undefined> };
  transaction: Transact<{
    images: {
      /** Stores outcomes of tags the image still offers. Gives the digests that moved. */
      recordOutcomes(
        id: string,
        outcomes: ReadonlyMap<string, TagOutcome>,
      ): Promise<{ tag: string; from: string; to: string }[]>;
    };
    audit: AuditLog;
  }>;
  connections: RegistryConnections;
};

/** How many tags are looked up singly at once, for the few whose platform the batch cannot tell. */
const concurrency = 4;

/** Asks registries where the tags of an image point now. */
export class ImageRefresh {
  readonly #deps: ImageRefreshDeps;

  constructor(deps: ImageRefreshDeps) {
    this.#deps = deps;
  }

  /**
   * Looks every tag of an image up, in a handful of calls. A tag that fails keeps its last digest and says why; when
   * the registry cannot be asked at all, every tag says so and the failure is thrown too. Throws NOT_FOUND.
   */
  async refresh(id: string, by: { actor: Actor; origin: Origin }, signal: AbortSignal): Promise<Image> {
    const image = await this.#deps.images.find(id);
    if (!image) throw notFound("image");
    authorize(by.actor, "image.write", resource(image));
    const { outcomes, error } = await this.#look(image, signal);
    await this.#deps.transaction(async ({ images, audit }) => {
      const moved = await images.recordOutcomes(id, outcomes);
      const changes = Object.fromEntries(moved.map(({ tag, from, to }) => [`digest of ${tag}`, { from, to }]));
      await audit.record({ ...by, ...entryFor(image), action: "image.refresh", changes });
    });
    if (error !== undefined) throw error;
    const refreshed = await this.#deps.images.find(id);
    if (!refreshed) throw notFound("image");
    return imageView(refreshed);
  }

  async #look(
    image: ImageRecord,
    signal: AbortSignal,
  ): Promise<{ outcomes: Map<string, TagOutcome>; error?: unknown }> {
    try {
      const { catalog } = await this.#deps.connections.open(image.registry.id);
      return { outcomes: await lookUpTags(catalog, image, signal) };
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error);
      return { outcomes: new Map(image.tags.map(({ tag }) => [tag, { failure }])), error };
    }
  }
}

async function lookUpTags(
  catalog: EcrCatalog,
  { repository, tags }: ImageRecord,
  signal: AbortSignal,
): Promise<Map<string, TagOutcome>> {
  const names = tags.map(({ tag }) => tag);
  const [resolved, listed] = await Promise.all([
    catalog.resolveMany(repository, names, { signal }),
    ifKnown(catalog.listTags(repository, { signal }), []),
  ]);
  const pushTimes = new Map(listed.map(({ tag, pushedAt }) => [tag, pushedAt]));
  const outcomes = new Map<string, TagOutcome>();
  const queue = tags.values();
  const work = async () => {
    for (const known of queue) {
      const name = { repository, tag: known.tag };
      const found =
        resolved.get(known.tag) ?? new RegistryError("ECR_IMAGE_NOT_FOUND", { repository, image: known.tag });
      const pushedAt = pushTimes.get(known.tag) ?? null;
      outcomes.set(known.tag, await outcomeOf(name, () => factsOf(catalog, known, found, name, signal), pushedAt));
      signal.throwIfAborted();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return outcomes;
}

/** The batch reads no configs, where a lone image keeps its platform: that of one which moved is read by itself. */
async function factsOf(
  catalog: EcrCatalog,
  known: ImageTagRecord,
  found: ResolvedImage | RegistryError,
  name: { repository: string; tag: string },
  signal: AbortSignal,
): Promise<TagFacts> {
  if (found instanceof RegistryError) throw found;
  const { digest, mediaType, sizeBytes } = found;
  if (digest === known.digest) return { digest, mediaType, sizeBytes, platforms: known.platforms, pushedAt: null };
  const [only] = found.images;
  if (!only || isIndexMediaType(mediaType)) return readTagFacts(name, found);
  const config = await ifKnown(catalog.config(name.repository, only.configDigest, { signal }), undefined);
  return readTagFacts(name, { ...found, images: [{ ...only, ...config }] });
}

async function outcomeOf(
  known: { repository: string; tag: string },
  look: () => Promise<TagFacts>,
  pushedAt: Date | null,
): Promise<TagOutcome> {
  try {
    return { facts: { ...(await look()), pushedAt } };
  } catch (error) {
    return { failure: failureOf(runnableFailure(known, error)) };
  }
}
