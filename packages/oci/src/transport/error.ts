import { z } from "zod";
import { RegistryError } from "../errors.ts";
import type { RegistryErrorCode, RegistryFacts } from "../failures.ts";
import type { SafeResponse } from "../http/safe-http.ts";
import { parseChallenges } from "./challenge.ts";

const bodySchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).min(1),
});

/** The OCI distribution spec's error codes that say more than the status does. */
const byCode: Record<string, RegistryErrorCode> = {
  MANIFEST_UNKNOWN: "V2_MANIFEST_UNKNOWN",
  MANIFEST_BLOB_UNKNOWN: "V2_MANIFEST_UNKNOWN",
  BLOB_UNKNOWN: "V2_MANIFEST_UNKNOWN",
  NAME_UNKNOWN: "V2_NAME_UNKNOWN",
  NAME_INVALID: "V2_NAME_UNKNOWN",
  TOOMANYREQUESTS: "V2_TOO_MANY_REQUESTS",
};

const byStatus: Record<number, RegistryErrorCode> = {
  403: "V2_DENIED",
  404: "V2_MANIFEST_UNKNOWN",
  407: "PROXY_AUTH",
  408: "NET_TIMEOUT",
  429: "V2_TOO_MANY_REQUESTS",
  431: "HEADER_TOO_LARGE",
};

/** Our error for an answer of the data plane that is not the one hoped for. Upstream's words are read, never repeated. */
export function responseError(response: SafeResponse, facts: RegistryFacts, hasCredential: boolean): RegistryError {
  const { status } = response;
  const about = { ...facts, httpStatus: status };
  const text = response.body.subarray(0, 16_384).toString("utf8");
  if (text.startsWith("<?xml") || text.startsWith("<Error>")) return storageError(text, about);
  // ECR says why a token is refused only in prose, under one code, and sometimes as text/plain.
  if (status === 401 || status === 403) {
    if (/token (?:has|is) expired/i.test(text)) return new RegistryError("V2_TOKEN_EXPIRED", about);
    if (/token is invalid/i.test(text)) return new RegistryError("V2_TOKEN_INVALID", about);
  }
  if (status === 401) return new RegistryError(unauthorized(response, hasCredential), about);
  const code = byCode[ociCode(text) ?? ""] ?? byStatus[status];
  return new RegistryError(code ?? (status >= 500 ? "V2_UNAVAILABLE" : "V2_ANSWER_INVALID"), about);
}

function unauthorized(response: SafeResponse, hasCredential: boolean): RegistryErrorCode {
  const challenges = parseChallenges(response.headers["www-authenticate"] ?? "");
  if (challenges.length > 0 && !challenges.some(({ scheme }) => scheme === "basic")) return "V2_AUTH_UNSUPPORTED";
  return hasCredential ? "V2_TOKEN_INVALID" : "V2_NO_BASIC";
}

/** S3, where layers are, answers in XML. */
function storageError(text: string, facts: RegistryFacts): RegistryError {
  if (/Only one auth mechanism/i.test(text)) return new RegistryError("S3_DOUBLE_AUTH", facts);
  if (/Request has expired/i.test(text)) return new RegistryError("S3_URL_EXPIRED", facts);
  return new RegistryError("S3_BLOCKED", facts);
}

function ociCode(text: string): string | undefined {
  try {
    return bodySchema.parse(JSON.parse(text)).errors[0]?.code;
  } catch {
    return undefined;
  }
}
