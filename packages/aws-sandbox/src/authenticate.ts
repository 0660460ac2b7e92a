import { AwsError } from "./aws-error.ts";
import type { Clock } from "./clock.ts";
import { type Endpoint, isAwsRegion } from "./http/endpoint.ts";
import type { HttpRequest } from "./http/request.ts";
import type { Principal } from "./iam/principal.ts";
import { sha256Hex } from "./sigv4/canonical-request.ts";
import { type SignatureFailure, verifySignature } from "./sigv4/verify.ts";
import type { Sessions } from "./sts/sessions.ts";

/** The two dialects in which AWS refuses a signature. */
export type Dialect = "json" | "query";

type Refusal = { code: string; status: number; message: string };

const invalidToken = "The security token included in the request is invalid.";
const expiredToken = "The security token included in the request is expired";

function refusal(failure: SignatureFailure, dialect: Dialect): Refusal {
  const isJson = dialect === "json";
  switch (failure.kind) {
    case "missing":
      return isJson
        ? { code: "MissingAuthenticationTokenException", status: 400, message: "Missing Authentication Token" }
        : { code: "MissingAuthenticationToken", status: 403, message: "Request is missing Authentication Token" };
    case "incomplete":
      return {
        code: isJson ? "IncompleteSignatureException" : "IncompleteSignature",
        status: 400,
        message: failure.message,
      };
    case "unknown_key":
      return isJson
        ? { code: "UnrecognizedClientException", status: 400, message: invalidToken }
        : { code: "InvalidClientTokenId", status: 403, message: invalidToken };
    case "session_expired":
      return {
        code: isJson ? "ExpiredTokenException" : "ExpiredToken",
        status: isJson ? 400 : 403,
        message: expiredToken,
      };
    case "refused":
      return isJson
        ? { code: "InvalidSignatureException", status: 400, message: failure.message }
        : { code: "SignatureDoesNotMatch", status: 403, message: failure.message };
  }
}

/** Verifies the signature of an API call; throws the service's own error when it does not hold. */
export function authenticate(
  request: HttpRequest,
  body: Buffer,
  options: { endpoint: Endpoint; service: string; dialect: Dialect; sessions: Sessions; clock: Clock },
): Principal {
  const { endpoint, sessions, clock } = options;
  const result = verifySignature(
    { ...request, payloadHash: sha256Hex(body) },
    {
      service: options.service,
      region: endpoint.region,
      isRegion: (region) => region === endpoint.region && isAwsRegion(region),
      path: "double-encoded",
      now: clock.now(),
      lookup: sessions.lookup,
    },
  );
  if (result.ok) return result.identity;
  const { code, message, status } = refusal(result.failure, options.dialect);
  throw new AwsError(code, message, status);
}
