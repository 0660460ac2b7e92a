import { AwsError } from "../aws-error.ts";
import { header } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";
import { parseQuery } from "../sigv4/canonical-request.ts";
import { isDigest } from "./blob-store.ts";
import type { RepositoryRecord } from "./records.ts";
import { repositoryArn } from "./repository-store.ts";
import { authorizedV2Repository, originOf, type V2Context, v2Empty } from "./v2-context.ts";

function requireLayer({ deps }: V2Context, repository: RepositoryRecord, digest: string): number {
  const layer = isDigest(digest) ? deps.images.layer(repository, digest) : undefined;
  if (!layer) throw new AwsError("BLOB_UNKNOWN", `The layer with digest '${digest.slice(0, 100)}' does not exist`, 404);
  return layer.sizeBytes;
}

export function headBlob(context: V2Context, name: string, digest: string): HttpResponse {
  const repository = authorizedV2Repository(context, name, "ecr:BatchCheckLayerAvailability");
  const size = requireLayer(context, repository, digest);
  return v2Empty(200, {
    "content-length": String(size),
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
  });
}

/** Layers are not served here: the client is sent to the bucket with an address that is its own credential. */
export function getBlob(context: V2Context, name: string, digest: string): HttpResponse {
  const repository = authorizedV2Repository(context, name, "ecr:GetDownloadUrlForLayer");
  requireLayer(context, repository, digest);
  const { call, deps, registryId } = context;
  return v2Empty(307, { location: deps.urls.sign(call, registryId, digest) });
}

function uploadHeaders({ request }: V2Context, name: string, id: string, size: number): Record<string, string> {
  return {
    location: `${originOf(request)}/v2/${name}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    "docker-upload-uuid": id,
  };
}

function queryOf(context: V2Context): Map<string, string> {
  return new Map(parseQuery(context.request.query));
}

/** Starts an upload. Layers are never mounted from another repository, as in a registry without that setting. */
export async function startUpload(context: V2Context, name: string): Promise<HttpResponse> {
  const repository = authorizedV2Repository(context, name, "ecr:InitiateLayerUpload");
  const id = await context.deps.uploads.start(repositoryArn(repository));
  const digest = queryOf(context).get("digest");
  if (digest !== undefined) {
    // One request that does the work of three needs the permissions of three.
    for (const action of ["ecr:UploadLayerPart", "ecr:CompleteLayerUpload"])
      authorizedV2Repository(context, name, action);
    return finish(context, repository, id, digest);
  }
  return v2Empty(202, uploadHeaders(context, name, id, 0));
}

export function uploadStatus(context: V2Context, name: string, id: string): HttpResponse {
  const repository = authorizedV2Repository(context, name, "ecr:UploadLayerPart");
  const size = context.deps.uploads.size(id, repositoryArn(repository));
  return v2Empty(204, uploadHeaders(context, name, id, size));
}

function chunkStart(context: V2Context): number | undefined {
  const range = header(context.request, "content-range");
  const match = /^(?:bytes )?(\d+)-\d+/.exec(range ?? "");
  return match ? Number(match[1]) : undefined;
}

export async function uploadChunk(context: V2Context, name: string, id: string): Promise<HttpResponse> {
  const repository = authorizedV2Repository(context, name, "ecr:UploadLayerPart");
  const chunk = { startsAt: chunkStart(context), body: context.request.body };
  const size = await context.deps.uploads.append(id, repositoryArn(repository), chunk);
  return v2Empty(202, uploadHeaders(context, name, id, size));
}

async function finish(
  context: V2Context,
  repository: RepositoryRecord,
  id: string,
  digest: string,
): Promise<HttpResponse> {
  const { uploads, images } = context.deps;
  const arn = repositoryArn(repository);
  if (!isDigest(digest)) throw new AwsError("DIGEST_INVALID", "The layer digest is not valid", 400);
  await uploads.append(id, arn, { startsAt: chunkStart(context), body: context.request.body });
  const size = await uploads.complete(id, arn, digest);
  images.addLayer(repository, digest, size);
  return v2Empty(201, {
    location: `${originOf(context.request)}/v2/${repository.name}/blobs/${digest}`,
    "docker-content-digest": digest,
  });
}

export function completeUpload(context: V2Context, name: string, id: string): Promise<HttpResponse> {
  const repository = authorizedV2Repository(context, name, "ecr:CompleteLayerUpload");
  return finish(context, repository, id, queryOf(context).get("digest") ?? "");
}

export async function cancelUpload(context: V2Context, name: string, id: string): Promise<HttpResponse> {
  const repository = authorizedV2Repository(context, name, "ecr:UploadLayerPart");
  await context.deps.uploads.cancel(id, repositoryArn(repository));
  return v2Empty(204, {});
}
