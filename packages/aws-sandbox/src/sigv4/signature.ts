import { createHmac } from "node:crypto";
import { type CanonicalForm, canonicalRequest, type SignableRequest, sha256Hex } from "./canonical-request.ts";

/** Where and when a signature is valid. `date` is `YYYYMMDD`. */
export type CredentialScope = { date: string; region: string; service: string };

export const algorithm = "AWS4-HMAC-SHA256";

function hmac(key: string | Uint8Array, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

export function formatScope(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

export function stringToSign(amzDate: string, scope: CredentialScope, canonical: string): string {
  return [algorithm, amzDate, formatScope(scope), sha256Hex(canonical)].join("\n");
}

/** Computes the signature of a request as lower-case hex. */
export function computeSignature(
  request: SignableRequest,
  form: CanonicalForm,
  key: { secret: string; amzDate: string; scope: CredentialScope },
): string {
  const { secret, amzDate, scope } = key;
  const dateKey = hmac(`AWS4${secret}`, scope.date);
  const signingKey = hmac(hmac(hmac(dateKey, scope.region), scope.service), "aws4_request");
  return hmac(signingKey, stringToSign(amzDate, scope, canonicalRequest(request, form))).toString("hex");
}
