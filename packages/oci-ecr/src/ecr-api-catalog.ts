import {
  type Digest,
  digestOf,
  type ImageConfig,
  isDigest,
  isRepositoryName,
  isTag,
  maxConfigBytes,
  parseImageConfig,
  parseManifest,
  RegistryError,
  type SafeHttp,
  verifyDigest,
} from "@berth/oci";
import { chunks, mapBounded } from "./bounded.ts";
import type { ConfigCache } from "./config-cache.ts";
import type { EcrApi, Signal, WireBatch, WireImages, WireRepositories } from "./ecr-api.ts";
import type {
  EcrCatalog,
  EcrImage,
  EcrRepository,
  EcrTag,
  FetchedManifest,
  Page,
  PageOptions,
  ResolvedImage,
} from "./ecr-catalog.ts";
import type { EcrEndpoint } from "./ecr-endpoint.ts";
import { classifyImageFailure, type EcrFailureContext } from "./ecr-error.ts";
import { downloadLayer } from "./layer-download.ts";
import { decodeCursor, encodeCursor } from "./page-cursor.ts";
import { assembleImage, childDigests } from "./resolved-image.ts";

type SignalOption = { signal?: AbortSignal };

/** The operations that a catalog needs. */
export type EcrReads = Pick<EcrApi, "repositories" | "taggedImages" | "describedImage" | "batchGetImage" | "layerUrl">;

export type EcrApiCatalogOptions = {
  api: EcrReads;
  endpoint: EcrEndpoint;
  http: SafeHttp;
  configs: ConfigCache;
  failureContext: (facts: { repository: string; image?: string }) => EcrFailureContext;
};

const pageSize = 1000;
const batchSize = 100;
const atOnce = 8;
/** 100 000 images, ECR's own limit for a repository. */
const maxPages = 100;

/** The catalog over ECR's batch API: no request a tag, no data plane. */
export class EcrApiCatalog implements EcrCatalog {
  readonly #options: EcrApiCatalogOptions;

  constructor(options: EcrApiCatalogOptions) {
    this.#options = options;
  }

  async listRepositories(options: PageOptions & { query?: string } = {}): Promise<Page<EcrRepository>> {
    const { query = "", limit = 100, signal } = options;
    const wanted = Math.min(Math.max(limit, 1), pageSize);
    // ECR cannot search, so a search reads whole pages; a plain list reads what was asked for.
    const maxResults = query === "" ? wanted : pageSize;
    const needle = query.trim().toLowerCase();
    const items: EcrRepository[] = [];
    let cursor = decodeCursor(options.cursor);
    for (let page = 0; page < maxPages; page++) {
      const { nextToken } = cursor;
      const answer = await this.#options.api.repositories({ maxResults, ...(nextToken && { nextToken }) }, signal);
      const matching = answer.repositories.filter(({ repositoryName }) => repositoryName.includes(needle));
      const taken = matching.slice(cursor.skip, cursor.skip + wanted - items.length);
      items.push(...taken.map((repository) => this.#toRepository(repository)));
      const skip = cursor.skip + taken.length;
      if (skip < matching.length) return { items, nextCursor: encodeCursor({ ...cursor, skip }) };
      if (answer.nextToken === undefined) return { items };
      cursor = { nextToken: answer.nextToken, skip: 0 };
      if (items.length >= wanted) break;
    }
    return { items, nextCursor: encodeCursor(cursor) };
  }

  async listImages(repository: string, options: PageOptions = {}): Promise<Page<EcrImage>> {
    checkRepository(repository);
    const { nextToken } = decodeCursor(options.cursor);
    const maxResults = Math.min(Math.max(options.limit ?? pageSize, 1), pageSize);
    const page = { maxResults, ...(nextToken !== undefined && { nextToken }) };
    const answer = await this.#options.api.taggedImages(repository, page, options.signal);
    const items = answer.imageDetails.map(toImage);
    return answer.nextToken === undefined
      ? { items }
      : { items, nextCursor: encodeCursor({ nextToken: answer.nextToken, skip: 0 }) };
  }

  async listTags(repository: string, { signal }: SignalOption = {}): Promise<EcrTag[]> {
    const tags: EcrTag[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page++) {
      const options = { ...(cursor !== undefined && { cursor }), ...(signal && { signal }) };
      const { items, nextCursor } = await this.listImages(repository, options);
      for (const { tags: names, ...image } of items) tags.push(...names.map((tag) => ({ tag, ...image })));
      if (nextCursor === undefined) break;
      cursor = nextCursor;
    }
    return tags.sort(newestFirst);
  }

  async describe(repository: string, tagOrDigest: string, { signal }: SignalOption = {}): Promise<EcrImage> {
    checkRepository(repository);
    checkId(tagOrDigest);
    const [image] = (await this.#options.api.describedImage(repository, tagOrDigest, signal)).imageDetails;
    if (image === undefined) throw notFound(repository, tagOrDigest);
    return toImage(image);
  }

  async manifests(
    repository: string,
    ids: readonly string[],
    { signal }: SignalOption = {},
  ): Promise<Map<string, FetchedManifest | RegistryError>> {
    checkRepository(repository);
    for (const id of ids) checkId(id);
    const batches = chunks([...new Set(ids)], batchSize);
    const fetched = await mapBounded(batches, atOnce, (batch) => this.#batch(repository, batch, signal));
    return new Map(fetched.flat());
  }

  async resolve(repository: string, tagOrDigest: string, options: SignalOption = {}): Promise<ResolvedImage> {
    const image = (await this.resolveMany(repository, [tagOrDigest], options)).get(tagOrDigest);
    if (image === undefined || image instanceof RegistryError) throw image ?? notFound(repository, tagOrDigest);
    const [only] = image.images;
    if (image.images.length !== 1 || only === undefined || only.platform !== undefined) return image;
    // Only the config of a lone image says what it runs on. Without leave to read it, its platform stays unknown.
    const config = await this.config(repository, only.configDigest, options).catch((error: unknown) => {
      if (error instanceof RegistryError) return undefined;
      throw error;
    });
    return config === undefined ? image : { ...image, images: [{ ...only, platform: config.platform }] };
  }

  async resolveMany(
    repository: string,
    ids: readonly string[],
    options: SignalOption = {},
  ): Promise<Map<string, ResolvedImage | RegistryError>> {
    const tops = await this.manifests(repository, ids, options);
    const wanted = [...tops.values()].flatMap((top) =>
      top instanceof RegistryError ? [] : childDigests(top.manifest),
    );
    const children = await this.manifests(repository, wanted, options);
    const resolve = (top: FetchedManifest | RegistryError) => {
      if (top instanceof RegistryError) return top;
      try {
        return assembleImage(top, children);
      } catch (error) {
        if (error instanceof RegistryError) return error;
        throw error;
      }
    };
    return new Map([...tops].map(([id, top]) => [id, resolve(top)]));
  }

  async config(repository: string, configDigest: Digest, { signal }: SignalOption = {}): Promise<ImageConfig> {
    checkRepository(repository);
    const { api, endpoint, http, configs } = this.#options;
    const key = `${repository}@${configDigest}`;
    const known = configs.get(key);
    if (known !== undefined) return known;
    const url = await api.layerUrl(repository, configDigest, signal);
    const bytes = await downloadLayer(http, endpoint, url, { maxBytes: maxConfigBytes, signal });
    verifyDigest(bytes, configDigest, url.host);
    const config = parseImageConfig(bytes.toString("utf8"), repository);
    configs.set(key, config);
    return config;
  }

  async #batch(
    repository: string,
    ids: readonly string[],
    signal: Signal,
  ): Promise<[string, FetchedManifest | RegistryError][]> {
    try {
      const answer = await this.#options.api.batchGetImage(repository, ids, signal);
      return ids.map((id) => [id, this.#pick(repository, id, answer)]);
    } catch (error) {
      // A hundred manifests of up to 4 MiB each may be more than one answer may hold.
      if (!(error instanceof RegistryError) || error.code !== "RESPONSE_TOO_LARGE" || ids.length < 2) throw error;
      const halves = chunks(ids, Math.ceil(ids.length / 2));
      return (await mapBounded(halves, 1, (half) => this.#batch(repository, half, signal))).flat();
    }
  }

  #pick(repository: string, id: string, { images = [], failures = [] }: WireBatch): FetchedManifest | RegistryError {
    const isAsked = (imageId: { imageDigest?: string | undefined; imageTag?: string | undefined } | undefined) =>
      isDigest(id) ? imageId?.imageDigest === id : imageId?.imageTag === id;
    const context = this.#options.failureContext({ repository, image: id });
    const image = images.find(({ imageId }) => isAsked(imageId));
    if (image === undefined) {
      const failure = failures.find(({ imageId }) => isAsked(imageId));
      return classifyImageFailure(failure?.failureCode ?? "ImageNotFound", context);
    }
    try {
      const told = image.imageId.imageDigest ?? "";
      const digest = isDigest(told) ? told : digestOf(image.imageManifest);
      verifyDigest(image.imageManifest, digest, context.host);
      const manifest = parseManifest(image.imageManifest, image.imageManifestMediaType, `${repository}:${id}`);
      return { digest, mediaType: manifest.mediaType, manifest };
    } catch (error) {
      if (error instanceof RegistryError) return error;
      throw error;
    }
  }

  #toRepository(wire: WireRepositories["repositories"][number]): EcrRepository {
    return {
      name: wire.repositoryName,
      uri: `${this.#options.endpoint.host.registryHost}/${wire.repositoryName}`,
      arn: wire.repositoryArn,
      createdAt: wire.createdAt,
      tagMutability: wire.imageTagMutability ?? "MUTABLE",
    };
  }
}

function toImage(wire: WireImages["imageDetails"][number]): EcrImage {
  const { imageSizeInBytes: sizeBytes, imagePushedAt: pushedAt, imageManifestMediaType: mediaType } = wire;
  return {
    digest: wire.imageDigest,
    tags: wire.imageTags ?? [],
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(pushedAt !== undefined && { pushedAt }),
    ...(mediaType !== undefined && { mediaType }),
  };
}

function newestFirst(a: EcrTag, b: EcrTag): number {
  const byTime = (b.pushedAt?.getTime() ?? 0) - (a.pushedAt?.getTime() ?? 0);
  return byTime || (a.tag < b.tag ? -1 : 1);
}

/** Names are checked here too, so that what cannot exist costs no call and says where it is wrong. */
function checkRepository(repository: string): void {
  if (isRepositoryName(repository)) return;
  throw new RegistryError("REFERENCE_MALFORMED", { part: "repository", problem: "is malformed" });
}

function checkId(id: string): void {
  if (isTag(id) || isDigest(id)) return;
  throw new RegistryError("REFERENCE_MALFORMED", { part: "tag", problem: "is neither a tag nor a digest" });
}

function notFound(repository: string, image: string): RegistryError {
  return new RegistryError("ECR_IMAGE_NOT_FOUND", { repository, image });
}
