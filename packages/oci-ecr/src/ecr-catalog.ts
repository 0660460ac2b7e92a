import type { Digest, ImageConfig, Manifest, Platform, RegistryError } from "@berth/oci";

export type PageOptions = { cursor?: string; limit?: number; signal?: AbortSignal };
export type Page<T> = { items: T[]; nextCursor?: string };

export type EcrRepository = {
  name: string;
  /** `host/name`, what a pull names. */
  uri: string;
  arn: string;
  createdAt: Date;
  /** One of ECR's values (MUTABLE, IMMUTABLE, …), open for new ones. */
  tagMutability: string;
};

/** One digest of a repository, with all tags that point at it. */
export type EcrImage = {
  digest: Digest;
  tags: string[];
  /** As ECR counts it (compressed); undefined where it does not say. For an index not the sum of its platforms. */
  sizeBytes?: number;
  pushedAt?: Date;
  mediaType?: string;
};

/** One tag, newest push first in lists. */
export type EcrTag = Omit<EcrImage, "tags"> & { tag: string };

/** One platform's image. `platform` is unknown when neither index nor config could say it. */
export type PlatformImage = { platform?: Platform; digest: Digest; sizeBytes: number; configDigest: Digest };

/** What a tag or digest is right now. */
export type ResolvedImage = {
  digest: Digest;
  mediaType: string;
  /** The largest of its platforms: what one pull transfers at most (compressed). */
  sizeBytes: number;
  images: PlatformImage[];
};

export type FetchedManifest = { digest: Digest; mediaType: string; manifest: Manifest };

/**
 * What a registry holds, read through ECR's batch API. Every method throws `RegistryError`,
 * or the signal's reason when aborted. Where the key may not list, `resolve`, `manifests` and `config` still work.
 */
export interface EcrCatalog {
  /** Repositories whose name contains `query`, by pages of at most 1000. */
  listRepositories(options?: PageOptions & { query?: string }): Promise<Page<EcrRepository>>;
  /** Tagged images of one repository, by pages of at most 1000. */
  listImages(repository: string, options?: PageOptions): Promise<Page<EcrImage>>;
  /** All tags of a repository, newest first; one call for each 1000 images. */
  listTags(repository: string, options?: { signal?: AbortSignal }): Promise<EcrTag[]>;
  /** One tag or digest as lists show it, without reading the list: one call, which needs leave to list. */
  describe(repository: string, tagOrDigest: string, options?: { signal?: AbortSignal }): Promise<EcrImage>;
  /** Manifests by tag or digest, 100 a call. An id that cannot be had answers with its own error. */
  manifests(
    repository: string,
    ids: readonly string[],
    options?: { signal?: AbortSignal },
  ): Promise<Map<string, FetchedManifest | RegistryError>>;
  /** Digest, size and platforms of one tag or digest. */
  resolve(repository: string, tagOrDigest: string, options?: { signal?: AbortSignal }): Promise<ResolvedImage>;
  /**
   * The same for many at once: ⌈ids/100⌉ calls and ⌈distinct platform images/100⌉ more, no configs,
   * so `platform` stays unknown for images that are not in an index.
   */
  resolveMany(
    repository: string,
    ids: readonly string[],
    options?: { signal?: AbortSignal },
  ): Promise<Map<string, ResolvedImage | RegistryError>>;
  /** The config blob of one platform's image, verified; kept by digest. `configDigest` comes from `resolve`. */
  config(repository: string, configDigest: Digest, options?: { signal?: AbortSignal }): Promise<ImageConfig>;
}
