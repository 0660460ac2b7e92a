import { parseQuery, type SignableRequest } from "./canonical-request.ts";
import { algorithm, type CredentialScope } from "./signature.ts";

/** The claims of a signed request before anything about them is believed. */
export type SignatureClaims = {
  accessKeyId: string;
  scope: CredentialScope;
  terminator: string;
  signedHeaders: readonly string[];
  signature: string;
  amzDate: string;
  sessionToken: string | undefined;
  /** Seconds of validity; only presigned URLs carry one. */
  expiresSeconds: number | undefined;
};

export type ParsedAuthorization =
  | { kind: "missing" }
  | { kind: "incomplete"; message: string }
  | { kind: "claims"; claims: SignatureClaims; query: string };

function first(request: SignableRequest, name: string): string | undefined {
  return request.headers.get(name)?.[0];
}

function parseCredential(
  credential: string,
): Pick<SignatureClaims, "accessKeyId" | "scope" | "terminator"> | undefined {
  const parts = credential.split("/");
  if (parts.length < 5) return undefined;
  const [date = "", region = "", service = "", terminator = ""] = parts.slice(-4);
  return { accessKeyId: parts.slice(0, -4).join("/"), scope: { date, region, service }, terminator };
}

const badCredential =
  "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got";

/** Reads the `Authorization` header; `missing` when the request does not try to sign with it. */
export function parseAuthorizationHeader(request: SignableRequest): ParsedAuthorization {
  const header = first(request, "authorization");
  if (header === undefined || !header.startsWith("AWS4-")) return { kind: "missing" };
  if (!header.startsWith(`${algorithm} `)) return { kind: "incomplete", message: "Unsupported AWS 'algorithm'." };
  const fields = new Map<string, string>();
  for (const part of header.slice(algorithm.length + 1).split(/[,\s]+/)) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals < 0) {
      return { kind: "incomplete", message: notAPair(part) };
    }
    fields.set(part.slice(0, equals), part.slice(equals + 1));
  }
  const date = first(request, "x-amz-date");
  const problems = ["Credential", "Signature", "SignedHeaders"]
    .filter((name) => !fields.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (date === undefined) {
    problems.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (problems.length > 0 || date === undefined) return { kind: "incomplete", message: problems.join(" ") };
  const credential = parseCredential(fields.get("Credential") ?? "");
  if (!credential) return { kind: "incomplete", message: `${badCredential} '${fields.get("Credential")}'` };
  const claims: SignatureClaims = {
    ...credential,
    signedHeaders: (fields.get("SignedHeaders") ?? "").toLowerCase().split(";"),
    signature: fields.get("Signature") ?? "",
    amzDate: date,
    sessionToken: first(request, "x-amz-security-token"),
    expiresSeconds: undefined,
  };
  return { kind: "claims", claims, query: request.query };
}

function notAPair(part: string): string {
  return `'${part.slice(0, 200)}' not a valid key=value pair (missing equal-sign) in Authorization header.`;
}

/** Reads the presigned form; the answer's `query` is the one that was signed, without its signature. */
export function parsePresignedQuery(request: SignableRequest): ParsedAuthorization {
  const pairs = parseQuery(request.query);
  const values = new Map(pairs);
  if (!values.has("X-Amz-Algorithm") && !values.has("X-Amz-Signature")) return { kind: "missing" };
  const needed = ["Algorithm", "Credential", "Date", "SignedHeaders", "Signature"].map((name) => `X-Amz-${name}`);
  const absent = needed.filter((name) => !values.get(name));
  if (absent.length > 0) {
    return {
      kind: "incomplete",
      message: absent.map((name) => `AWS query-string parameters must include '${name}'.`).join(" "),
    };
  }
  const credential = parseCredential(values.get("X-Amz-Credential") ?? "");
  if (values.get("X-Amz-Algorithm") !== algorithm || !credential) {
    return { kind: "incomplete", message: `${badCredential} '${values.get("X-Amz-Credential")}'` };
  }
  const expires = values.get("X-Amz-Expires");
  const claims: SignatureClaims = {
    ...credential,
    signedHeaders: (values.get("X-Amz-SignedHeaders") ?? "").toLowerCase().split(";"),
    signature: values.get("X-Amz-Signature") ?? "",
    amzDate: values.get("X-Amz-Date") ?? "",
    sessionToken: values.get("X-Amz-Security-Token"),
    expiresSeconds: expires !== undefined && /^\d{1,6}$/.test(expires) ? Number(expires) : undefined,
  };
  const unsigned = request.query.split("&").filter((part) => !part.startsWith("X-Amz-Signature="));
  return { kind: "claims", claims, query: unsigned.join("&") };
}
