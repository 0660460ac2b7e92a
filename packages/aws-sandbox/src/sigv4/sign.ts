import { toAmzDate } from "../clock.ts";
import { canonicalQuery, parseQuery, type SignableRequest, sha256Hex } from "./canonical-request.ts";
import { algorithm, computeSignature, formatScope } from "./signature.ts";

export type SigningKey = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  region: string;
  service: string;
};

/** Returns the headers that sign `request` (which must carry `host`), `x-amz-date` and `authorization` included. */
export function signHeaders(
  request: { method: string; path: string; query: string; headers: Record<string, string>; body: string | Uint8Array },
  key: SigningKey,
  now: number,
): Record<string, string> {
  const amzDate = toAmzDate(now);
  const headers: Record<string, string> = { ...request.headers, "x-amz-date": amzDate };
  if (key.sessionToken !== undefined) headers["x-amz-security-token"] = key.sessionToken;
  const map = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]]));
  const signedHeaders = [...map.keys()].sort();
  const scope = { date: amzDate.slice(0, 8), region: key.region, service: key.service };
  const signable: SignableRequest = { ...request, headers: map, payloadHash: sha256Hex(request.body) };
  const signature = computeSignature(
    signable,
    { path: "double-encoded", signedHeaders },
    { secret: key.secretAccessKey, amzDate, scope },
  );
  headers.authorization = `${algorithm} Credential=${key.accessKeyId}/${formatScope(scope)}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`;
  return headers;
}

/** Returns the query string that presigns `GET path` on `host` for `expiresSeconds`, with only `host` signed. */
export function presignGet(
  target: { host: string; path: string; expiresSeconds: number },
  key: SigningKey,
  now: number,
): string {
  const amzDate = toAmzDate(now);
  const scope = { date: amzDate.slice(0, 8), region: key.region, service: key.service };
  const query = canonicalQuery([
    ["X-Amz-Algorithm", algorithm],
    ["X-Amz-Credential", `${key.accessKeyId}/${formatScope(scope)}`],
    ["X-Amz-Date", amzDate],
    ["X-Amz-Expires", String(target.expiresSeconds)],
    ["X-Amz-SignedHeaders", "host"],
  ]);
  const signable: SignableRequest = {
    method: "GET",
    path: target.path,
    query: canonicalQuery(parseQuery(query)),
    headers: new Map([["host", [target.host]]]),
    payloadHash: "UNSIGNED-PAYLOAD",
  };
  const form = { path: "as-received", signedHeaders: ["host"] } as const;
  const signature = computeSignature(signable, form, { secret: key.secretAccessKey, amzDate, scope });
  return `${query}&X-Amz-Signature=${signature}`;
}
