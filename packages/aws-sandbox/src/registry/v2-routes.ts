/** A request of the OCI Distribution API, recognised by method and path. */
export type V2Route =
  | { operation: "Ping" }
  | { operation: "ListCatalog" }
  | { operation: "ListTags"; name: string }
  | { operation: "GetManifest" | "HeadManifest" | "PutManifest"; name: string; reference: string }
  | { operation: "GetBlob" | "HeadBlob"; name: string; digest: string }
  | { operation: "StartUpload"; name: string }
  | { operation: "UploadStatus" | "UploadChunk" | "CompleteUpload" | "CancelUpload"; name: string; uploadId: string }
  | { operation: "ListReferrers"; name: string; digest: string }
  | { operation: "Unsupported" };

const uploadOperations = {
  GET: "UploadStatus",
  PATCH: "UploadChunk",
  PUT: "CompleteUpload",
  DELETE: "CancelUpload",
} as const;
const manifestOperations = { GET: "GetManifest", HEAD: "HeadManifest", PUT: "PutManifest" } as const;
const blobOperations = { GET: "GetBlob", HEAD: "HeadBlob" } as const;

function pick<T extends Record<string, string>>(operations: T, method: string): T[keyof T] | undefined {
  return Object.hasOwn(operations, method) ? operations[method as keyof T] : undefined;
}

function decode(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? "");
  } catch {
    return "";
  }
}

/** Names contain slashes, so a path is read from its end. */
export function parseV2Route(method: string, path: string): V2Route {
  const isRead = method === "GET" || method === "HEAD";
  if (/^\/v2\/?$/.test(path)) return { operation: isRead ? "Ping" : "Unsupported" };
  if (path === "/v2/_catalog") return { operation: method === "GET" ? "ListCatalog" : "Unsupported" };
  const tags = /^\/v2\/(.+)\/tags\/list$/.exec(path);
  if (tags) return method === "GET" ? { operation: "ListTags", name: decode(tags[1]) } : { operation: "Unsupported" };
  const upload = /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/.exec(path);
  if (upload?.[2] === "" && method === "POST") return { operation: "StartUpload", name: decode(upload[1]) };
  const uploadOperation = pick(uploadOperations, method);
  if (upload?.[2] && uploadOperation) {
    return { operation: uploadOperation, name: decode(upload[1]), uploadId: upload[2] };
  }
  const object = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/.exec(path);
  const name = decode(object?.[1]);
  const reference = decode(object?.[3]);
  const manifest = object?.[2] === "manifests" ? pick(manifestOperations, method) : undefined;
  if (manifest) return { operation: manifest, name, reference };
  const blob = object?.[2] === "blobs" ? pick(blobOperations, method) : undefined;
  if (blob) return { operation: blob, name, digest: reference };
  if (object?.[2] === "referrers" && method === "GET") return { operation: "ListReferrers", name, digest: reference };
  return { operation: "Unsupported" };
}
