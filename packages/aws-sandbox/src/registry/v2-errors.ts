import type { AwsError } from "../aws-error.ts";
import type { HttpRequest } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";

/** How ECR's exceptions look through the registry API. */
const translations: Record<string, { code: string; status: number }> = {
  AccessDenied: { code: "DENIED", status: 403 },
  RepositoryNotFoundException: { code: "NAME_UNKNOWN", status: 404 },
  ImageTagAlreadyExistsException: { code: "TAG_INVALID", status: 400 },
  LayersNotFoundException: { code: "MANIFEST_BLOB_UNKNOWN", status: 400 },
  ReferencedImagesNotFoundException: { code: "MANIFEST_BLOB_UNKNOWN", status: 400 },
  ImageDigestDoesNotMatchException: { code: "DIGEST_INVALID", status: 400 },
  InvalidParameterException: { code: "MANIFEST_INVALID", status: 400 },
  LimitExceededException: { code: "DENIED", status: 403 },
  RequestEntityTooLarge: { code: "SIZE_INVALID", status: 413 },
  ThrottlingException: { code: "TOOMANYREQUESTS", status: 429 },
};

/** The answer to a request without a credential: Basic, with the asked host as realm, and plain text. */
export function challenge(request: HttpRequest): HttpResponse {
  return {
    status: 401,
    headers: {
      "docker-distribution-api-version": "registry/2.0",
      "www-authenticate": `Basic realm="https://${request.host}/",service="ecr.amazonaws.com"`,
      "content-type": "text/plain; charset=utf-8",
    },
    body: "Not Authorized\n",
  };
}

/** Renders a refusal as the distribution spec's error body. */
export function v2Error(error: AwsError): HttpResponse {
  const { code, status } = translations[error.code] ?? { code: error.code, status: error.status };
  return {
    status,
    headers: {
      "docker-distribution-api-version": "registry/2.0",
      "content-type": "application/json; charset=utf-8",
    },
    body: JSON.stringify({ errors: [{ code, message: error.message }] }),
  };
}
