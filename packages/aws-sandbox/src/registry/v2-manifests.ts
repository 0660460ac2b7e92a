import { AwsError } from "../aws-error.ts";
import { readBody } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";
import { isDigest } from "./blob-store.ts";
import { maxManifestBytes, ociIndex } from "./manifest.ts";
import { authorizedV2Repository, originOf, type V2Context, v2Empty, v2Json } from "./v2-context.ts";

const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,299}$/;

function notFound(): AwsError {
  return new AwsError("MANIFEST_UNKNOWN", "Requested image not found", 404);
}

/** True when the client takes the type: it named it, or a wildcard, or nothing. */
function isAccepted(accept: readonly string[] | undefined, mediaType: string): boolean {
  const types = (accept ?? []).flatMap((line) => line.split(",")).map((type) => (type.split(";")[0] ?? "").trim());
  return types.length === 0 || types.some((type) => type === mediaType || type === "*/*" || type === "application/*");
}

export async function getManifest(context: V2Context, name: string, reference: string): Promise<HttpResponse> {
  const repository = authorizedV2Repository(context, name, "ecr:BatchGetImage");
  const { images } = context.deps;
  const image = isDigest(reference) || tagPattern.test(reference) ? images.find(repository, reference) : undefined;
  if (!image || !isAccepted(context.request.headers.get("accept"), image.record.mediaType)) throw notFound();
  images.recordPull(repository, image);
  const headers = {
    "content-type": image.record.mediaType,
    "docker-content-digest": image.digest,
    "docker-distribution-api-version": "registry/2.0",
  };
  return { status: 200, headers, body: await images.blobs.read(image.digest) };
}

export async function putManifest(context: V2Context, name: string, reference: string): Promise<HttpResponse> {
  const repository = authorizedV2Repository(context, name, "ecr:PutImage");
  const digest = isDigest(reference) ? reference : undefined;
  if (digest === undefined && !tagPattern.test(reference)) {
    throw new AwsError("TAG_INVALID", "Invalid parameter at 'imageTag' failed to satisfy constraint", 400);
  }
  const data = await readBody(context.request, maxManifestBytes);
  const mediaType = context.request.headers.get("content-type")?.[0]?.split(";")[0]?.trim();
  const outcome = await context.deps.images.put(repository, {
    data,
    mediaType,
    tag: digest === undefined ? reference : undefined,
    digest,
  });
  return v2Empty(201, {
    location: `${originOf(context.request)}/v2/${name}/manifests/${outcome.digest}`,
    "docker-content-digest": outcome.digest,
    ...(outcome.record.subject === undefined ? {} : { "oci-subject": outcome.record.subject }),
  });
}

/** Images whose subject is the digest, as an OCI index (distribution-spec 1.1). */
export async function listReferrers(context: V2Context, name: string, digest: string): Promise<HttpResponse> {
  const repository = authorizedV2Repository(context, name, "ecr:BatchGetImage");
  const { images } = context.deps;
  const manifests: object[] = [];
  for (const [own, record] of images.images(repository)) {
    if (record.subject !== digest) continue;
    const size = await images.blobs.size(own);
    manifests.push({ mediaType: record.mediaType, digest: own, size, artifactType: record.artifactMediaType });
  }
  return v2Json({ schemaVersion: 2, mediaType: ociIndex, manifests }, { "content-type": ociIndex });
}
