import { AwsError } from "../aws-error.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { type HttpRequest, header } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";
import type { Prepared } from "../service.ts";
import { cancelUpload, completeUpload, getBlob, headBlob, startUpload, uploadChunk, uploadStatus } from "./v2-blobs.ts";
import { type V2Context, type V2Deps, v2Empty } from "./v2-context.ts";
import { challenge, v2Error } from "./v2-errors.ts";
import { listCatalog, listTags } from "./v2-lists.ts";
import { getManifest, listReferrers, putManifest } from "./v2-manifests.ts";
import { parseV2Route, type V2Route } from "./v2-routes.ts";

/** The password of a Basic credential for user `AWS`; undefined when the request carries none. */
function registryPassword(request: HttpRequest): string | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(header(request, "authorization") ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  return pair.startsWith("AWS:") ? pair.slice("AWS:".length) : undefined;
}

function dispatch(context: V2Context, route: V2Route): Promise<HttpResponse> | HttpResponse {
  switch (route.operation) {
    case "Ping":
      return v2Empty(200, { "content-type": "text/plain; charset=utf-8" });
    case "ListCatalog":
      return listCatalog(context);
    case "ListTags":
      return listTags(context, route.name);
    case "GetManifest":
    case "HeadManifest":
      return getManifest(context, route.name, route.reference);
    case "PutManifest":
      return putManifest(context, route.name, route.reference);
    case "GetBlob":
      return getBlob(context, route.name, route.digest);
    case "HeadBlob":
      return headBlob(context, route.name, route.digest);
    case "StartUpload":
      return startUpload(context, route.name);
    case "UploadStatus":
      return uploadStatus(context, route.name, route.uploadId);
    case "UploadChunk":
      return uploadChunk(context, route.name, route.uploadId);
    case "CompleteUpload":
      return completeUpload(context, route.name, route.uploadId);
    case "CancelUpload":
      return cancelUpload(context, route.name, route.uploadId);
    case "ListReferrers":
      return listReferrers(context, route.name, route.digest);
    case "Unsupported":
      throw new AwsError("UNSUPPORTED", "The operation is unsupported.", 405);
  }
}

/** The ECR action a route counts as against the quotas. */
const throttledAs: Partial<Record<V2Route["operation"], string>> = {
  GetManifest: "BatchGetImage",
  HeadManifest: "BatchGetImage",
  GetBlob: "GetDownloadUrlForLayer",
  HeadBlob: "BatchCheckLayerAvailability",
  StartUpload: "InitiateLayerUpload",
  UploadChunk: "UploadLayerPart",
  CompleteUpload: "CompleteLayerUpload",
  PutManifest: "PutImage",
  ListTags: "ListImages",
  ListCatalog: "DescribeRepositories",
};

/** Prepares a request of the registry data plane of one account in one region. */
export function prepareV2Request(request: HttpRequest, endpoint: Endpoint, deps: V2Deps): Prepared {
  const route = parseV2Route(request.method, request.path);
  return {
    operation: route.operation,
    fail: v2Error,
    async run(call) {
      const password = registryPassword(request);
      if (password === undefined) return challenge(request);
      const principal = deps.tokens.verify(password, endpoint.region);
      call.principal = principal;
      deps.throttle({ ...call, operation: throttledAs[route.operation] ?? route.operation });
      return dispatch({ call, principal, request, registryId: endpoint.account, deps }, route);
    },
  };
}
