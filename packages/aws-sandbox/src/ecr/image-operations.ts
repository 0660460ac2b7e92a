import { AwsError } from "../aws-error.ts";
import type { Image, ImageStore } from "../registry/image-store.ts";
import type { RepositoryRecord } from "../registry/records.ts";
import { authorizedRepository, type EcrContext, type EcrOperation } from "./context.ts";
import { type ImageFailure, imageDetail, imageNotFound, resolveImageId } from "./image-views.ts";
import type { ImageId } from "./input.ts";

const tagStatuses = ["TAGGED", "UNTAGGED", "ANY"] as const;
const imageStatuses = ["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"] as const;

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function pageRequest({ call, input }: EcrContext, { registryId }: RepositoryRecord) {
  return { input, operation: call.operation, registryId, region: call.region };
}

/** Images can only be active here, so a filter for any other status finds none. */
function filterOf({ input }: EcrContext): { tagStatus: (typeof tagStatuses)[number]; isEmpty: boolean } {
  const filter = input.object("filter");
  const status = filter.oneOf("imageStatus", imageStatuses) ?? "ACTIVE";
  return {
    tagStatus: filter.oneOf("tagStatus", tagStatuses) ?? "ANY",
    isEmpty: status !== "ACTIVE" && status !== "ANY",
  };
}

function listImages(context: EcrContext): object {
  const { tagStatus, isEmpty } = filterOf(context);
  const repository = authorizedRepository(context);
  const { images, paging } = context.deps;
  const tags = images.tagsByDigest(repository);
  const rows: { imageDigest: string; imageTag?: string }[] = [];
  for (const imageDigest of isEmpty ? [] : images.images(repository).keys()) {
    const own = tags.get(imageDigest) ?? [];
    if (tagStatus !== "UNTAGGED") for (const imageTag of own) rows.push({ imageDigest, imageTag });
    if (tagStatus !== "TAGGED" && own.length === 0) rows.push({ imageDigest });
  }
  const keyOf = (row: { imageDigest: string; imageTag?: string }) => `${row.imageDigest} ${row.imageTag ?? ""}`;
  rows.sort((a, b) => byText(keyOf(a), keyOf(b)));
  const { page, ...next } = paging.page(rows, keyOf, pageRequest(context, repository));
  return { imageIds: page, ...next };
}

function describeNamed(context: EcrContext, ids: readonly ImageId[]): object {
  for (const other of ["maxResults", "nextToken", "filter"]) context.input.refuseTogether(other, "imageIds");
  const repository = authorizedRepository(context);
  const { images } = context.deps;
  const tags = images.tagsByDigest(repository);
  const found = new Map<string, object>();
  for (const id of ids) {
    const resolved = resolveImageId(images, repository, id);
    if ("failure" in resolved) throw imageNotFound(repository, id);
    const { image } = resolved;
    found.set(image.digest, imageDetail(repository, image, tags.get(image.digest) ?? []));
  }
  return { imageDetails: [...found.values()] };
}

function describeAll(context: EcrContext): object {
  const { tagStatus, isEmpty } = filterOf(context);
  const repository = authorizedRepository(context);
  const { images, paging } = context.deps;
  const tags = images.tagsByDigest(repository);
  const rows = isEmpty ? [] : [...images.images(repository)].map(([digest, record]) => ({ digest, record }));
  const wanted = rows
    .filter(({ digest }) => tagStatus === "ANY" || tags.has(digest) === (tagStatus === "TAGGED"))
    .sort((a, b) => byText(a.digest, b.digest));
  const { page, ...next } = paging.page(wanted, ({ digest }) => digest, pageRequest(context, repository));
  return { imageDetails: page.map((image) => imageDetail(repository, image, tags.get(image.digest) ?? [])), ...next };
}

async function imageWithManifest(
  store: ImageStore,
  repository: RepositoryRecord,
  { imageTag }: ImageId,
  { digest, record }: Image,
): Promise<object> {
  return {
    registryId: repository.registryId,
    repositoryName: repository.name,
    imageId: { imageDigest: digest, ...(imageTag === undefined ? {} : { imageTag }) },
    imageManifest: (await store.blobs.read(digest)).toString("utf8"),
    imageManifestMediaType: record.mediaType,
  };
}

async function batchGetImage(context: EcrContext): Promise<object> {
  const ids = context.input.requiredImageIds();
  const accepted = context.input.strings("acceptedMediaTypes", 100);
  const repository = authorizedRepository(context);
  const store = context.deps.images;
  const failures: ImageFailure[] = [];
  const images: Promise<object>[] = [];
  for (const id of ids) {
    const resolved = resolveImageId(store, repository, id);
    if ("failure" in resolved) {
      failures.push(resolved.failure);
      continue;
    }
    if (accepted && !accepted.includes(resolved.image.record.mediaType)) {
      failures.push({ imageId: id, failureCode: "ImageNotFound", failureReason: "Requested image not found" });
      continue;
    }
    store.recordPull(repository, resolved.image);
    images.push(imageWithManifest(store, repository, id, resolved.image));
  }
  return { images: await Promise.all(images), failures };
}

function batchDeleteImage(context: EcrContext): object {
  const ids = context.input.requiredImageIds();
  const repository = authorizedRepository(context);
  const store = context.deps.images;
  const failures: ImageFailure[] = [];
  const deleted: ImageId[] = [];
  for (const id of ids) {
    const resolved = resolveImageId(store, repository, id);
    if ("failure" in resolved) {
      failures.push(resolved.failure);
    } else if (id.imageTag !== undefined) {
      store.untag(repository, id.imageTag);
      deleted.push({ imageDigest: resolved.image.digest, imageTag: id.imageTag });
    } else if (store.isReferenced(repository, resolved.image.digest)) {
      const failureReason = "Requested image referenced by manifest list";
      failures.push({ imageId: id, failureCode: "ImageReferencedByManifestList", failureReason });
    } else {
      const imageDigest = resolved.image.digest;
      const tags = store.delete(repository, imageDigest);
      deleted.push(...(tags.length > 0 ? tags.map((imageTag) => ({ imageDigest, imageTag })) : [{ imageDigest }]));
    }
  }
  return { imageIds: deleted, failures };
}

async function putImage(context: EcrContext): Promise<object> {
  const { input, deps } = context;
  const manifest = input.requiredString("imageManifest", { min: 1, max: 4_194_304 });
  const tag = input.has("imageTag") ? input.requiredString("imageTag", { min: 1, max: 300 }) : undefined;
  const repository = authorizedRepository(context);
  const outcome = await deps.images.put(repository, {
    data: Buffer.from(manifest),
    mediaType: input.string("imageManifestMediaType"),
    tag,
    digest: input.string("imageDigest"),
  });
  if (!outcome.isNew) {
    throw new AwsError(
      "ImageAlreadyExistsException",
      `Image with digest '${outcome.digest}' and tag '${tag ?? "null"}' already exists in the repository with name '${repository.name}' in registry with id '${repository.registryId}'`,
    );
  }
  return {
    image: {
      registryId: repository.registryId,
      repositoryName: repository.name,
      imageId: { imageDigest: outcome.digest, ...(tag === undefined ? {} : { imageTag: tag }) },
      imageManifest: manifest,
      imageManifestMediaType: outcome.record.mediaType,
    },
  };
}

/** Operations on images. */
export const imageOperations: Record<string, EcrOperation> = {
  ListImages: listImages,
  DescribeImages(context) {
    const ids = context.input.imageIds();
    return ids ? describeNamed(context, ids) : describeAll(context);
  },
  BatchGetImage: batchGetImage,
  BatchDeleteImage: batchDeleteImage,
  PutImage: putImage,
};
