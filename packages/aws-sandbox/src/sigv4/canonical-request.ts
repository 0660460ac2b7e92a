import { createHash } from "node:crypto";

/** What a signature covers. `path` and `query` are as received, not decoded. */
export type SignableRequest = {
  method: string;
  path: string;
  query: string;
  headers: ReadonlyMap<string, readonly string[]>;
  payloadHash: string;
};

export type CanonicalForm = { path: "double-encoded" | "as-received"; signedHeaders: readonly string[] };

export function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Percent-encodes everything but the unreserved characters of RFC 3986. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, " "));
  } catch {
    return text;
  }
}

/** Splits a raw query into decoded pairs, keeping order and duplicates. */
export function parseQuery(query: string): [name: string, value: string][] {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      return equals < 0 ? [decode(part), ""] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
    });
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function canonicalQuery(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort((a, b) => byCodePoint(a[0], b[0]) || byCodePoint(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** RFC 3986 normalisation, then a second encoding; S3 alone signs the path as it stands. */
export function canonicalPath(path: string, form: CanonicalForm["path"]): string {
  if (form === "as-received") return path === "" ? "/" : path;
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const trailing = kept.length > 0 && /\/(\.{1,2})?$/.test(path) ? "/" : "";
  return `/${kept.map(uriEncode).join("/")}${trailing}`;
}

function canonicalHeaderValue(values: readonly string[]): string {
  return values.map((value) => value.trim().replace(/\s+/g, " ")).join(",");
}

/** Builds the canonical request of Signature Version 4. */
export function canonicalRequest(request: SignableRequest, form: CanonicalForm): string {
  const names = [...form.signedHeaders].sort(byCodePoint);
  const headers = names.map((name) => `${name}:${canonicalHeaderValue(request.headers.get(name) ?? [])}\n`).join("");
  return [
    request.method,
    canonicalPath(request.path, form.path),
    canonicalQuery(parseQuery(request.query)),
    headers,
    names.join(";"),
    request.payloadHash,
  ].join("\n");
}
