import { AwsError } from "../aws-error.ts";
import { type Clock, parseAmzDate, toIsoSeconds } from "../clock.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { type HttpRequest, header } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";
import { toXml, type XmlValue } from "../query/xml.ts";
import type { BlobStore } from "../registry/blob-store.ts";
import type { Prepared } from "../service.ts";
import { parseQuery } from "../sigv4/canonical-request.ts";
import { verifySignature } from "../sigv4/verify.ts";
import { digestOfObject, type LayerUrls } from "./layer-urls.ts";

export type S3Deps = { blobs: BlobStore; urls: LayerUrls; clock: Clock };

/** An S3 refusal with the extra elements S3 puts beside code and message. */
class S3Error extends AwsError {
  readonly details: Record<string, XmlValue>;

  constructor(code: string, message: string, status: number, details: Record<string, XmlValue> = {}) {
    super(code, message, status);
    this.details = details;
  }
}

function fail(error: AwsError, requestId: string): HttpResponse {
  const details = error instanceof S3Error ? error.details : {};
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${toXml({
    Error: { Code: error.code, Message: error.message, ...details, RequestId: requestId, HostId: requestId },
  })}`;
  return { status: error.status, headers: { "content-type": "application/xml", "x-amz-request-id": requestId }, body };
}

const twoMechanisms =
  "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified";

/** A presigned URL is a credential; a second one beside it is refused, as S3 does. */
function refuseSecondCredential(request: HttpRequest, query: ReadonlyMap<string, string>): void {
  const authorization = header(request, "authorization");
  if (authorization === undefined || !query.has("X-Amz-Algorithm")) return;
  const details = { ArgumentName: "Authorization", ArgumentValue: authorization };
  throw new S3Error("InvalidArgument", twoMechanisms, 400, details);
}

function refuseExpired(query: ReadonlyMap<string, string>, now: number): void {
  const signedAt = parseAmzDate(query.get("X-Amz-Date") ?? "");
  const seconds = Number(query.get("X-Amz-Expires") ?? Number.NaN);
  if (signedAt === undefined || Number.isNaN(seconds) || signedAt + seconds * 1000 >= now) return;
  throw new S3Error("AccessDenied", "Request has expired", 403, {
    "X-Amz-Expires": seconds,
    Expires: toIsoSeconds(signedAt + seconds * 1000),
    ServerTime: toIsoSeconds(now),
  });
}

function checkSignature(request: HttpRequest, endpoint: Endpoint, { urls, clock }: S3Deps): void {
  const signable = { ...request, payloadHash: "UNSIGNED-PAYLOAD" };
  const result = verifySignature(signable, {
    service: "s3",
    region: endpoint.region,
    isRegion: (region) => region === endpoint.region,
    path: "as-received",
    now: clock.now(),
    lookup: (id) => {
      const secret = urls.secretOf(id);
      return secret === undefined ? { kind: "unknown" } : { kind: "found", secret, identity: undefined };
    },
  });
  if (result.ok) return;
  const { failure } = result;
  if (failure.kind === "missing") throw new S3Error("AccessDenied", "Access Denied", 403);
  if (failure.kind === "incomplete") throw new S3Error("AuthorizationQueryParametersError", failure.message, 400);
  if (failure.kind === "unknown_key") {
    throw new S3Error("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403);
  }
  const message =
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
  throw new S3Error("SignatureDoesNotMatch", message, 403);
}

/** One `bytes=` range; undefined for none or for one that S3 ignores. */
function parseRange(
  value: string | undefined,
  size: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(value ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(match[1]);
  const end = match[2] === "" ? size : Math.min(Number(match[2]) + 1, size);
  if (start >= size) return "unsatisfiable";
  return end <= start ? undefined : { start, end };
}

async function getObject(request: HttpRequest, requestId: string, { blobs }: S3Deps): Promise<HttpResponse> {
  const digest = digestOfObject(request.path);
  const size = digest === undefined ? undefined : await blobs.size(digest);
  if (digest === undefined || size === undefined) {
    throw new S3Error("NoSuchKey", "The specified key does not exist.", 404, { Key: request.path.slice(1) });
  }
  const range = parseRange(header(request, "range"), size);
  if (range === "unsatisfiable") {
    throw new S3Error("InvalidRange", "The requested range is not satisfiable", 416, { ActualObjectSize: size });
  }
  const headers: Record<string, string> = {
    "content-type": "application/octet-stream",
    "accept-ranges": "bytes",
    "x-amz-request-id": requestId,
    etag: `"${digest.slice(7, 39)}"`,
  };
  const file = blobs.path(digest);
  if (!range) return { status: 200, headers, body: { file, start: 0, end: size } };
  headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${size}`;
  return { status: 206, headers, body: { file, ...range } };
}

/** Prepares the download of a layer from its presigned address. */
export function prepareLayerDownload(request: HttpRequest, endpoint: Endpoint, deps: S3Deps): Prepared {
  return {
    operation: "GetObject",
    fail,
    async run(call) {
      const query = new Map(parseQuery(request.query));
      refuseSecondCredential(request, query);
      refuseExpired(query, deps.clock.now());
      checkSignature(request, endpoint, deps);
      if (request.method !== "GET")
        throw new S3Error("MethodNotAllowed", "The specified method is not allowed against this resource.", 405);
      return getObject(request, call.id, deps);
    },
  };
}
