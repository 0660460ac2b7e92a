import { type Digest, isDigest } from "./digest.ts";
import { RegistryError } from "./errors.ts";

/** An image inside a registry: `repository[:tag][@digest]`. */
export type RepositoryReference = { repository: string; tag?: string; digest?: Digest };

/** `registry[:port]/repository[:tag][@digest]`. */
export type Reference = RepositoryReference & { registry: string };

type Part = "registry" | "repository" | "tag" | "digest";

const maxLength = 1024;
const maxRepositoryLength = 256;
const maxTagLength = 128;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
// One component: alphanumeric runs joined by one dot, one or two underscores, or any number of hyphens.
const componentPattern = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const hostLabelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads a full image name. What people paste from a browser (`https://host/…`, upper-case host, blanks around it)
 * is put right; everything else that is not in the grammar is refused. Throws REFERENCE_MALFORMED, saying what and where.
 */
export function parseReference(text: string): Reference {
  const { body, offset } = strip(text);
  const slash = body.indexOf("/");
  if (slash < 0) throw malformed("registry", "is missing: nothing comes before a /", offset);
  const registry = parseRegistry(body.slice(0, slash), offset);
  return { registry, ...parseRepositoryPart(body.slice(slash + 1), offset + slash + 1) };
}

/** Reads `repository[:tag][@digest]`, the name of an image whose registry is known; throws REFERENCE_MALFORMED. */
export function parseRepositoryReference(text: string): RepositoryReference {
  if (text.length > maxLength) throw tooLong("repository", maxLength, 0);
  const offset = text.length - text.trimStart().length;
  return parseRepositoryPart(text.trim(), offset);
}

/** Reads a registry name, `host` or `host:port`, also pasted as a URL; throws REFERENCE_MALFORMED. */
export function parseRegistryName(text: string): string {
  const { body, offset } = strip(text);
  return parseRegistry(body.endsWith("/") ? body.slice(0, -1) : body, offset);
}

/** The canonical text of a reference; `parseReference` reads it back to the same parts. */
export function formatReference(reference: Reference): string {
  return `${reference.registry}/${formatRepositoryReference(reference)}`;
}

/** `repository[:tag][@digest]`. */
export function formatRepositoryReference({ repository, tag, digest }: RepositoryReference): string {
  return `${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** Whether `text` is a repository name as Amazon ECR has them: 2 to 256 characters, lower case, `/` between components. */
export function isRepositoryName(text: string): boolean {
  return (
    text.length >= 2 &&
    text.length <= maxRepositoryLength &&
    text.split("/").every((component) => componentPattern.test(component))
  );
}

/** Whether `text` is a tag: 1 to 128 of letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`. */
export function isTag(text: string): boolean {
  return text.length <= maxTagLength && tagPattern.test(text);
}

function strip(text: string): { body: string; offset: number } {
  if (text.length > maxLength + 64) throw tooLong("registry", maxLength, 0);
  const scheme = /^\s*(?:https?:\/\/)?/i.exec(text)?.[0] ?? "";
  return { body: text.slice(scheme.length).trimEnd(), offset: scheme.length };
}

function parseRepositoryPart(text: string, offset: number): RepositoryReference {
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  const colon = name.indexOf(":");
  const repository = colon < 0 ? name : name.slice(0, colon);
  checkRepository(repository, offset);
  const reference: RepositoryReference = { repository };
  if (colon >= 0) reference.tag = parseTag(name.slice(colon + 1), offset + colon + 1);
  if (at >= 0) reference.digest = parseDigestPart(text.slice(at + 1), offset + at + 1);
  return reference;
}

function parseRegistry(text: string, offset: number): string {
  if (text === "") throw malformed("registry", "is missing", offset);
  const match = /^([^:]+)(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1]?.toLowerCase();
  const port = match?.[2];
  if (host === undefined || host.length > 253 || !host.split(".").every((label) => hostLabelPattern.test(label))) {
    throw malformed("registry", "is not a host name, or a host name and a port", offset);
  }
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
    throw malformed("registry", "has a port that does not exist", offset + host.length + 1);
  }
  if (port === undefined && !host.includes(".") && host !== "localhost") {
    throw malformed("registry", "is missing: what comes before the first / has no dot and no port", offset);
  }
  return port === undefined ? host : `${host}:${Number(port)}`;
}

function checkRepository(text: string, offset: number): void {
  if (text === "") throw malformed("repository", "is missing", offset);
  if (text.length > maxRepositoryLength) throw tooLong("repository", maxRepositoryLength, offset);
  if (text.length < 2) throw malformed("repository", "needs at least 2 characters", offset);
  let at = offset;
  for (const component of text.split("/")) {
    if (component === "") throw malformed("repository", "has an empty part between two /", at);
    if (component !== component.toLowerCase()) throw malformed("repository", "must be lower case", at);
    if (!componentPattern.test(component)) {
      throw malformed("repository", "may have lower-case letters and digits, with . _ __ or - between them", at);
    }
    at += component.length + 1;
  }
}

function parseTag(text: string, offset: number): string {
  if (text === "") throw malformed("tag", "is missing after the :", offset);
  if (text.length > maxTagLength) throw tooLong("tag", maxTagLength, offset);
  if (!isTag(text))
    throw malformed("tag", "may have letters, digits, _ . and -, and begins with none of . and -", offset);
  return text;
}

function parseDigestPart(text: string, offset: number): Digest {
  if (isDigest(text)) return text;
  throw malformed("digest", "must be sha256: followed by 64 hexadecimal digits", offset);
}

function tooLong(part: Part, limit: number, at: number): RegistryError {
  return malformed(part, `is longer than ${limit} characters`, at);
}

function malformed(part: Part, problem: string, at: number): RegistryError {
  return new RegistryError("REFERENCE_MALFORMED", { part, problem, at });
}
