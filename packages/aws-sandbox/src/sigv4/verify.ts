import { timingSafeEqual } from "node:crypto";
import { parseAmzDate, toAmzDate } from "../clock.ts";
import { parseAuthorizationHeader, parsePresignedQuery, type SignatureClaims } from "./authorization.ts";
import type { CanonicalForm, SignableRequest } from "./canonical-request.ts";
import { computeSignature } from "./signature.ts";

/** Why a signature was refused, before a protocol gives it a code and a status. */
export type SignatureFailure =
  | { kind: "missing" }
  | { kind: "incomplete"; message: string }
  | { kind: "unknown_key" }
  | { kind: "session_expired" }
  | { kind: "refused"; message: string };

/** The secret behind an access key id, as the identity store knows it. */
export type KeyLookup<T> = (
  accessKeyId: string,
  sessionToken: string | undefined,
) => { kind: "found"; secret: string; identity: T } | { kind: "unknown" } | { kind: "session_expired" };

export type VerifyOptions<T> = {
  service: string;
  /** The regions this endpoint answers for. */
  isRegion(region: string): boolean;
  /** Named in the refusal. */
  region: string;
  path: CanonicalForm["path"];
  now: number;
  lookup: KeyLookup<T>;
};

export type VerifiedSignature<T> = { ok: true; identity: T; claims: SignatureClaims };
export type Verification<T> = VerifiedSignature<T> | { ok: false; failure: SignatureFailure };

const skewMs = 5 * 60_000;
const mismatch =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

function scopeProblem(claims: SignatureClaims, options: VerifyOptions<unknown>): string | undefined {
  const { scope } = claims;
  const problems: string[] = [];
  if (!options.isRegion(scope.region)) {
    problems.push(`Credential should be scoped to a valid region, not '${scope.region}'.`);
  }
  if (scope.service !== options.service) {
    problems.push(`Credential should be scoped to correct service: '${options.service}'.`);
  }
  if (claims.terminator !== "aws4_request") {
    problems.push(`Credential should be scoped with a valid terminator: 'aws4_request', not '${claims.terminator}'.`);
  }
  const day = claims.amzDate.slice(0, 8);
  if (day !== scope.date) {
    problems.push(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${day}', from '${claims.amzDate}'.`,
    );
  }
  return problems.length > 0 ? problems.join(" ") : undefined;
}

function timeProblem(claims: SignatureClaims, signedAt: number, now: number): string | undefined {
  const life = claims.expiresSeconds === undefined ? skewMs : claims.expiresSeconds * 1000;
  if (signedAt + life < now) {
    const limit = toAmzDate(now - life);
    const allowed = claims.expiresSeconds === undefined ? "5 min." : `${claims.expiresSeconds} s.`;
    return `Signature expired: ${claims.amzDate} is now earlier than ${limit} (${toAmzDate(now)} - ${allowed})`;
  }
  if (signedAt - skewMs > now) {
    return `Signature not yet current: ${claims.amzDate} is still later than ${toAmzDate(now + skewMs)} (${toAmzDate(now)} + 5 min.)`;
  }
  return undefined;
}

/** Headers that must be under the signature: otherwise someone on the way could change them. */
function unsignedHeader(request: SignableRequest, claims: SignatureClaims): string | undefined {
  const required = ["host"];
  for (const name of request.headers.keys()) if (name.startsWith("x-amz-")) required.push(name);
  const missing = required.find((name) => !claims.signedHeaders.includes(name) && name !== "x-amz-content-sha256");
  return missing && `'${missing}' must be a 'SignedHeader' in the AWS Authorization.`;
}

function equalSignatures(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function verifyClaims<T>(
  request: SignableRequest,
  claims: SignatureClaims,
  options: VerifyOptions<T>,
): Verification<T> {
  const fail = (failure: SignatureFailure): Verification<T> => ({ ok: false, failure });
  const scope = scopeProblem(claims, options);
  if (scope) return fail({ kind: "refused", message: scope });
  const signedAt = parseAmzDate(claims.amzDate);
  if (signedAt === undefined) {
    return fail({
      kind: "incomplete",
      message: `Date must be in ISO-8601 'basic format'. Got '${claims.amzDate.slice(0, 40)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    });
  }
  const unsigned = unsignedHeader(request, claims);
  if (unsigned) return fail({ kind: "refused", message: unsigned });
  const key = options.lookup(claims.accessKeyId, claims.sessionToken);
  if (key.kind === "unknown") return fail({ kind: "unknown_key" });
  const late = timeProblem(claims, signedAt, options.now);
  if (late) return fail({ kind: "refused", message: late });
  if (key.kind === "session_expired") return fail({ kind: "session_expired" });
  const form = { path: options.path, signedHeaders: claims.signedHeaders };
  const expected = computeSignature(request, form, {
    secret: key.secret,
    amzDate: claims.amzDate,
    scope: claims.scope,
  });
  if (!equalSignatures(claims.signature, expected)) return fail({ kind: "refused", message: mismatch });
  return { ok: true, identity: key.identity, claims };
}

/**
 * Verifies a request signed with Signature Version 4, in a header or in the query, by AWS's published rules:
 * scope, date, five minutes of skew, every `x-amz-*` header under the signature, comparison in constant time.
 */
export function verifySignature<T>(request: SignableRequest, options: VerifyOptions<T>): Verification<T> {
  const inHeader = parseAuthorizationHeader(request);
  const parsed = inHeader.kind === "missing" ? parsePresignedQuery(request) : inHeader;
  if (parsed.kind !== "claims") return { ok: false, failure: parsed };
  return verifyClaims({ ...request, query: parsed.query }, parsed.claims, options);
}
