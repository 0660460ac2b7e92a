import type { Digest, Fix, Platform, RegistryError } from "@berth/oci";

/** The parts of a private ECR registry's name. */
export type EcrHost = { registryHost: string; accountId: string; region: string; partition: string };

/** An IAM user's keys, chosen for one registry and used for no other. */
export type EcrKeys = { kind: "static-keys"; accessKeyId: string; secretAccessKey: string };

export type ListedRepository = { name: string; createdAt: Date };

export type ListedTag = { tag: string; digest: string; sizeBytes?: number; pushedAt?: Date; mediaType?: string };

/** What a tag is right now. An image has no platform here where the key may not read what tells it. */
export type ResolvedImage = {
  digest: string;
  mediaType: string;
  /** Of the largest platform, compressed. */
  sizeBytes: number;
  images: readonly { platform?: Platform; configDigest: Digest }[];
};

type Options = { signal?: AbortSignal };

export interface EcrCatalog {
  listRepositories(
    options?: Options & { cursor?: string; limit?: number },
  ): Promise<{ items: ListedRepository[]; nextCursor?: string }>;
  listTags(repository: string, options?: Options): Promise<ListedTag[]>;
  resolve(repository: string, tag: string, options?: Options): Promise<ResolvedImage>;
  /** What the config of a lone image tells. */
  config(repository: string, configDigest: Digest, options?: Options): Promise<{ platform: Platform }>;
  /** One tag as lists show it; needs leave to list. */
  describe(repository: string, tag: string, options?: Options): Promise<{ pushedAt?: Date }>;
  resolveMany(
    repository: string,
    tags: readonly string[],
    options?: Options,
  ): Promise<Map<string, ResolvedImage | RegistryError>>;
}

export type EcrCheckStep = {
  id: string;
  title: string;
  status: "ok" | "warning" | "failed" | "skipped";
  durationMs: number;
  code?: RegistryError["code"];
  detail?: string;
  fix?: Fix;
};

export type EcrCheckReport = { ok: boolean; summary: string; steps: EcrCheckStep[] };

/**
 * What the domain needs of Amazon ECR. Every call names registry and keys itself: there is no identity to fall back on.
 * Failures are `RegistryError`s, in words made for people.
 */
export interface EcrGateway {
  /** Takes a registry's bare name apart; throws REGISTRY_HOST_INVALID for what only looks like one. */
  parseHost(name: string): EcrHost;
  catalog(registry: string, keys: EcrKeys): EcrCatalog;
  check(request: {
    registry: string;
    credentials: EcrKeys;
    sampleRepository?: string;
    signal?: AbortSignal;
  }): Promise<EcrCheckReport>;
  authorization(request: {
    registry: string;
    credentials: EcrKeys;
    minRemainingMs: number;
    signal?: AbortSignal;
  }): Promise<{ username: string; password: string; expiresAt: Date }>;
  /** `host[:port]` an engine pulls from: the registry's own name, unless the operator mapped its account elsewhere. */
  pullHost(registry: string): string;
  /** Drops the token that these keys got for this registry. */
  forget(registry: string, keys: EcrKeys): Promise<void>;
}
