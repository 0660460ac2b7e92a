import type { Problem } from "@berth/api";
import { RegistryError } from "@berth/oci";
import { ProviderError } from "@berth/provider";
import { BerthError } from "../domain/berth-error.ts";
import { failureOf } from "../domain/failure.ts";
import { problemTable } from "../domain/problem-table.ts";

export type ProblemAnswer = { status: number; headers: Record<string, string>; problem: Problem };

const providerStatus: Record<ProviderError["code"], number> = {
  ENGINE_UNREACHABLE: 503,
  ENGINE_DENIED: 502,
  ENGINE_FAILED: 502,
  DISK_FULL: 507,
  IMAGE_PULL_DENIED: 502,
  IMAGE_NOT_FOUND: 404,
  IMAGE_PLATFORM_MISMATCH: 422,
  IMAGE_DIGEST_MISMATCH: 502,
  IMAGE_USER_UNKNOWN: 422,
  REGISTRY_UNREACHABLE: 502,
  RESOURCES_UNAVAILABLE: 422,
  AGENT_RUNTIME_MISSING: 500,
  CANCELED: 409,
};

/** What the asker can mend is theirs; what passes by itself is 503; the rest is the registry's. */
const registryStatus: Readonly<Record<string, number>> = {
  REFERENCE_MALFORMED: 400,
  REGISTRY_HOST_INVALID: 400,
  AWS_KEY_FORMAT: 400,
  ADDRESS_FORBIDDEN: 422,
  URL_FORBIDDEN: 422,
  MANIFEST_UNSUPPORTED: 422,
  ECR_REPO_NOT_FOUND: 404,
  ECR_IMAGE_NOT_FOUND: 404,
  ECR_LAYER_NOT_FOUND: 404,
};

/** The framework's own refusals, in Berth's words. */
const frameworkErrors: Readonly<Record<string, () => BerthError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new BerthError("BODY_TOO_LARGE", "The request body is larger than 1 MiB."),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new BerthError("MEDIA_TYPE_UNSUPPORTED", "The body is of a media type that Berth does not read."),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new BerthError("REQUEST_INVALID", "The body is not as long as the request says."),
  FST_ERR_BAD_URL: () => new BerthError("REQUEST_INVALID", "The path is not a valid URL path."),
  FST_ERR_ASYNC_CONSTRAINT: () => new BerthError("REQUEST_INVALID", "The request cannot be routed."),
  ERR_HTTP_REQUEST_TIMEOUT: () => new BerthError("REQUEST_INVALID", "The request did not arrive in time."),
};

function inOurWords(error: unknown): unknown {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return (typeof code === "string" ? frameworkErrors[code]?.() : undefined) ?? error;
}

function statusOf(error: unknown): number {
  if (error instanceof BerthError) return problemTable[error.code].status;
  if (error instanceof ProviderError) return providerStatus[error.code];
  if (error instanceof RegistryError) return registryStatus[error.code] ?? (error.retryable ? 503 : 502);
  return 500;
}

function contextOf(error: unknown): Record<string, unknown> | undefined {
  if (error instanceof BerthError) return error.context;
  if (error instanceof RegistryError && Object.keys(error.evidence).length > 0) return { ...error.evidence };
  return undefined;
}

/** Whether nobody foresaw this error, so that its stack belongs in the log. */
export function isUnexpected(error: unknown): boolean {
  return statusOf(inOurWords(error)) === 500;
}

/** The only place where an error becomes an answer. Of unforeseen ones nothing but the request id is told. */
export function toProblem(thrown: unknown, requestId: string): ProblemAnswer {
  const error = inOurWords(thrown);
  const status = statusOf(error);
  const { code, title, detail, fix, retryable } = failureOf(error);
  const context = contextOf(error);
  const headers: Record<string, string> = {};
  if (status === 401) headers["www-authenticate"] = "Bearer";
  const seconds = context?.retryAfterSeconds;
  if (typeof seconds === "number") headers["retry-after"] = String(Math.ceil(seconds));
  const problem: Problem = {
    type: `urn:berth:problem:${code}`,
    title,
    status,
    detail,
    code,
    ...(fix ? { fix } : {}),
    retryable,
    requestId,
    ...(error instanceof BerthError && error.errors ? { errors: error.errors } : {}),
    ...(context ? { context } : {}),
  };
  return { status, headers, problem };
}

/** The media type of every problem. */
export const problemType = "application/problem+json; charset=utf-8";
