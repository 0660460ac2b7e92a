import { RegistryError } from "../errors.ts";
import type { RegistryErrorCode, RegistryFacts } from "../failures.ts";

/** Node's, OpenSSL's and undici's codes → ours. What is not here is no network failure that we know. */
const codes: Record<string, RegistryErrorCode> = {
  ENOTFOUND: "DNS",
  EAI_AGAIN: "DNS",
  EAI_NODATA: "DNS",
  EAI_FAIL: "DNS",
  ETIMEDOUT: "NET_TIMEOUT",
  ESOCKETTIMEDOUT: "NET_TIMEOUT",
  UND_ERR_CONNECT_TIMEOUT: "NET_TIMEOUT",
  UND_ERR_HEADERS_TIMEOUT: "NET_TIMEOUT",
  UND_ERR_BODY_TIMEOUT: "NET_TIMEOUT",
  EHOSTUNREACH: "NET_TIMEOUT",
  ENETUNREACH: "NET_TIMEOUT",
  ECONNREFUSED: "NET_REFUSED",
  ECONNRESET: "NET_REFUSED",
  EPIPE: "NET_REFUSED",
  UND_ERR_SOCKET: "NET_REFUSED",
  SELF_SIGNED_CERT_IN_CHAIN: "TLS_CA",
  DEPTH_ZERO_SELF_SIGNED_CERT: "TLS_CA",
  UNABLE_TO_GET_ISSUER_CERT: "TLS_CA",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "TLS_CA",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "TLS_CA",
  CERT_UNTRUSTED: "TLS_CA",
  ERR_TLS_CERT_ALTNAME_INVALID: "TLS_NAME",
  CERT_HAS_EXPIRED: "TLS_EXPIRED",
  CERT_NOT_YET_VALID: "TLS_EXPIRED",
  EPROTO: "V2_ANSWER_INVALID",
  ERR_SSL_WRONG_VERSION_NUMBER: "V2_ANSWER_INVALID",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "V2_ANSWER_INVALID",
  UND_ERR_HEADERS_OVERFLOW: "V2_ANSWER_INVALID",
  HPE_HEADER_OVERFLOW: "V2_ANSWER_INVALID",
  HPE_INVALID_CONSTANT: "V2_ANSWER_INVALID",
};

const phases: Record<string, string> = {
  UND_ERR_CONNECT_TIMEOUT: "connecting",
  ETIMEDOUT: "connecting",
  UND_ERR_HEADERS_TIMEOUT: "waiting for an answer",
  UND_ERR_BODY_TIMEOUT: "receiving the answer",
};

/** Our error for a failed connection or transfer, or undefined when `error` is something else. */
export function networkError(error: unknown, facts: RegistryFacts): RegistryError | undefined {
  // Sockets wrap: undici in `cause`, happy eyeballs in `errors`; our own lookup's refusal travels inside.
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    if (at instanceof RegistryError) return at;
    const code = "code" in at && typeof at.code === "string" ? at.code : at.name;
    const known = codes[code];
    if (known !== undefined) {
      const phase = phases[code];
      return new RegistryError(known, phase === undefined ? facts : { ...facts, phase });
    }
    const first: unknown = at instanceof AggregateError ? at.errors[0] : undefined;
    at = first ?? at.cause;
  }
  if (error instanceof Error && error.name === "TimeoutError") return new RegistryError("NET_TIMEOUT", facts);
  return undefined;
}
