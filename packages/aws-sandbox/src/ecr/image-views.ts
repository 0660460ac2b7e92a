import { AwsError } from "../aws-error.ts";
import { isDigest } from "../registry/blob-store.ts";
import type { Image, ImageStore } from "../registry/image-store.ts";
import type { RepositoryRecord } from "../registry/records.ts";
import { epochSeconds } from "./context.ts";
import type { ImageId } from "./input.ts";

export type ImageFailure = { imageId: ImageId; failureCode: string; failureReason: string };
export type Resolved = { id: ImageId; image: Image } | { id: ImageId; failure: ImageFailure };

function failure(id: ImageId, failureCode: string, failureReason: string): Resolved {
  return { id, failure: { imageId: id, failureCode, failureReason } };
}

/** Finds the image behind an id as ECR's batch operations do; what fails is an answer, not an error. */
export function resolveImageId(images: ImageStore, repository: RepositoryRecord, id: ImageId): Resolved {
  const { imageDigest, imageTag } = id;
  if (imageDigest === undefined && imageTag === undefined) {
    return failure(id, "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null");
  }
  if (imageDigest !== undefined && !isDigest(imageDigest)) {
    return failure(
      id,
      "InvalidImageDigest",
      "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    );
  }
  if (imageTag !== undefined && !/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,299}$/.test(imageTag)) {
    return failure(id, "InvalidImageTag", "Invalid request parameters: image tag is not valid");
  }
  const image = images.find(repository, imageDigest ?? imageTag ?? "");
  if (!image) return failure(id, "ImageNotFound", "Requested image not found");
  if (
    imageDigest !== undefined &&
    imageTag !== undefined &&
    images.find(repository, imageTag)?.digest !== imageDigest
  ) {
    return failure(id, "ImageTagDoesNotMatchDigest", "Requested image tag does not match the digest");
  }
  return { id, image };
}

/** Throws `ImageNotFoundException` in DescribeImages' words. */
export function imageNotFound(repository: RepositoryRecord, { imageDigest, imageTag }: ImageId): AwsError {
  return new AwsError(
    "ImageNotFoundException",
    `The image with imageId {imageDigest:'${imageDigest ?? "null"}', imageTag:'${imageTag ?? "null"}'} does not exist within the repository with name '${repository.name}' in the registry with id '${repository.registryId}'`,
  );
}

/** One row of DescribeImages. */
export function imageDetail(repository: RepositoryRecord, { digest, record }: Image, tags: readonly string[]): object {
  return {
    registryId: repository.registryId,
    repositoryName: repository.name,
    imageDigest: digest,
    ...(tags.length > 0 ? { imageTags: [...tags].sort() } : {}),
    imageSizeInBytes: record.sizeBytes,
    imagePushedAt: epochSeconds(record.pushedAt),
    imageManifestMediaType: record.mediaType,
    ...(record.artifactMediaType === undefined ? {} : { artifactMediaType: record.artifactMediaType }),
    ...(record.pulledAt === undefined ? {} : { lastRecordedPullTime: epochSeconds(record.pulledAt) }),
    ...(record.subject === undefined ? {} : { subjectManifestDigest: record.subject }),
    imageStatus: "ACTIVE",
  };
}
