import { AwsError } from "../aws-error.ts";
import type { Clock } from "../clock.ts";
import type { Change } from "../state/journal.ts";
import type { Tables } from "../state/tables.ts";
import { type BlobStore, sha256Digest } from "./blob-store.ts";
import { type ParsedManifest, parseManifest } from "./manifest.ts";
import type { ImageRecord, RegistryTables, RepositoryRecord } from "./records.ts";
import { registryPart, repositoryArn, repositoryNotFound } from "./repository-store.ts";

export type Image = { digest: string; record: ImageRecord };
export type PutOutcome = Image & { isNew: boolean };

const dayMs = 24 * 3_600_000;

/** Images, tags and layers of repositories. */
export class ImageStore {
  readonly blobs: BlobStore;
  readonly #tables: RegistryTables;
  readonly #state: Tables;
  readonly #clock: Clock;

  constructor(tables: RegistryTables, state: Tables, blobs: BlobStore, clock: Clock) {
    this.#tables = tables;
    this.#state = state;
    this.blobs = blobs;
    this.#clock = clock;
  }

  images(repository: RepositoryRecord): ReadonlyMap<string, ImageRecord> {
    return this.#tables.images.entries(repositoryArn(repository));
  }

  /** Tag → digest. */
  tags(repository: RepositoryRecord): ReadonlyMap<string, string> {
    return this.#tables.tags.entries(repositoryArn(repository));
  }

  tagsByDigest(repository: RepositoryRecord): Map<string, string[]> {
    const byDigest = new Map<string, string[]>();
    for (const [tag, digest] of this.tags(repository)) {
      const tags = byDigest.get(digest);
      if (tags) tags.push(tag);
      else byDigest.set(digest, [tag]);
    }
    return byDigest;
  }

  /** Finds an image by tag or digest. */
  find(repository: RepositoryRecord, reference: string): Image | undefined {
    const arn = repositoryArn(repository);
    const digest = reference.includes(":") ? reference : this.#tables.tags.get(arn, reference);
    const record = digest === undefined ? undefined : this.#tables.images.get(arn, digest);
    return digest !== undefined && record ? { digest, record } : undefined;
  }

  layer(
    repository: RepositoryRecord,
    digest: string,
  ): { sizeBytes: number; mediaType?: string | undefined } | undefined {
    return this.#tables.layers.get(repositoryArn(repository), digest);
  }

  addLayer(repository: RepositoryRecord, digest: string, sizeBytes: number): void {
    this.#requireAlive(repository);
    const arn = repositoryArn(repository);
    if (!this.#tables.layers.get(arn, digest)) this.#state.commit(this.#tables.layers.put(arn, digest, { sizeBytes }));
  }

  /** Remembers a pull, at most once a day, as ECR does. */
  recordPull(repository: RepositoryRecord, { digest, record }: Image): void {
    const now = this.#clock.now();
    if (record.pulledAt !== undefined && now - record.pulledAt < dayMs) return;
    this.#state.commit(this.#tables.images.put(repositoryArn(repository), digest, { ...record, pulledAt: now }));
  }

  /**
   * Stores a manifest, under a tag if one is given. Throws ECR's own exceptions: unknown layers or children, a tag
   * that may not move, a digest that does not match.
   */
  async put(
    repository: RepositoryRecord,
    input: { data: Buffer; mediaType: string | undefined; tag: string | undefined; digest: string | undefined },
  ): Promise<PutOutcome> {
    const parsed = parseManifest(input.data, input.mediaType);
    const digest = sha256Digest(input.data);
    if (input.digest !== undefined && input.digest !== digest) {
      throw new AwsError(
        "ImageDigestDoesNotMatchException",
        `The digest '${input.digest}' does not match the digest of the image manifest`,
      );
    }
    this.#checkTag(repository, input.tag, digest);
    const sizeBytes = this.#checkParts(repository, parsed);
    await this.blobs.write(input.data);
    // Checked again: while the bytes were written, the repository may have been deleted or the tag pushed.
    this.#requireAlive(repository);
    this.#checkTag(repository, input.tag, digest);
    const known = this.find(repository, digest)?.record;
    const record: ImageRecord = known ?? {
      mediaType: parsed.mediaType,
      sizeBytes,
      pushedAt: this.#clock.now(),
      blobs: parsed.blobs.map((blob) => blob.digest),
      children: parsed.children.map((child) => child.digest),
      ...(parsed.artifactMediaType === undefined ? {} : { artifactMediaType: parsed.artifactMediaType }),
      ...(parsed.subject === undefined ? {} : { subject: parsed.subject }),
    };
    const arn = repositoryArn(repository);
    const changes: Change[] = known ? [] : [this.#tables.images.put(arn, digest, record)];
    const isTagMoved = input.tag !== undefined && this.tags(repository).get(input.tag) !== digest;
    if (input.tag !== undefined && isTagMoved) changes.push(this.#tables.tags.put(arn, input.tag, digest));
    this.#state.commit(...changes);
    return { digest, record, isNew: changes.length > 0 };
  }

  #requireAlive(repository: RepositoryRecord): void {
    const current = this.#tables.repositories.get(registryPart(repository), repository.name);
    if (current?.createdAt !== repository.createdAt) throw repositoryNotFound(repository);
  }

  #checkTag(repository: RepositoryRecord, tag: string | undefined, digest: string): void {
    if (tag === undefined) return;
    const current = this.tags(repository).get(tag);
    if (repository.tagMutability === "IMMUTABLE" && current !== undefined && current !== digest) {
      throw new AwsError(
        "ImageTagAlreadyExistsException",
        `The image tag '${tag}' already exists in the '${repository.name}' repository and cannot be overwritten because the tag is immutable.`,
      );
    }
    const count = current === digest ? 0 : (this.tagsByDigest(repository).get(digest)?.length ?? 0);
    if (count >= 1000) {
      throw new AwsError(
        "LimitExceededException",
        `The image with digest '${digest}' has reached the limit of 1000 tags per image`,
      );
    }
  }

  /** Every part must be in the repository; returns the size of the image. */
  #checkParts(repository: RepositoryRecord, parsed: ParsedManifest): number {
    const missing = parsed.blobs.filter((blob) => !this.layer(repository, blob.digest)).map((blob) => blob.digest);
    if (missing.length > 0) {
      const message = `Layers with digests '${missing.join(", ")}' required for pushing image into repository with name '${repository.name}' in the registry with id '${repository.registryId}' do not exist`;
      throw new AwsError("LayersNotFoundException", message);
    }
    const images = this.images(repository);
    const orphans = parsed.children.filter((child) => !images.has(child.digest)).map((child) => child.digest);
    if (orphans.length > 0) {
      const message = `Images with digests '${orphans.join(", ")}' required for pushing image into repository with name '${repository.name}' in the registry with id '${repository.registryId}' do not exist`;
      throw new AwsError("ReferencedImagesNotFoundException", message);
    }
    const own = parsed.blobs.reduce((sum, blob) => sum + (this.layer(repository, blob.digest)?.sizeBytes ?? 0), 0);
    return Math.max(own, ...parsed.children.map((child) => images.get(child.digest)?.sizeBytes ?? 0));
  }

  /** True while an index lists the image. */
  isReferenced(repository: RepositoryRecord, digest: string): boolean {
    return [...this.images(repository).values()].some((image) => image.children.includes(digest));
  }

  /** Removes a tag, and with the last tag the image. Returns what the image was. */
  untag(repository: RepositoryRecord, tag: string): void {
    const digest = this.tags(repository).get(tag);
    if (digest === undefined) return;
    const isLast = this.tagsByDigest(repository).get(digest)?.length === 1;
    if (isLast && !this.isReferenced(repository, digest)) this.delete(repository, digest);
    else this.#state.commit(this.#tables.tags.remove(repositoryArn(repository), tag));
  }

  /** Removes an image with every tag of it; returns the tags. */
  delete(repository: RepositoryRecord, digest: string): string[] {
    const arn = repositoryArn(repository);
    const tags = this.tagsByDigest(repository).get(digest) ?? [];
    const changes = tags.map((tag) => this.#tables.tags.remove(arn, tag));
    this.#state.commit(...changes, this.#tables.images.remove(arn, digest));
    return tags;
  }

  /** Deletes the files that nothing names any more. */
  async sweep(): Promise<void> {
    const used = new Set<string>();
    for (const table of [this.#tables.images, this.#tables.layers]) for (const { id } of table.all()) used.add(id);
    await this.blobs.sweep((digest) => used.has(digest));
  }
}
