import { createHash } from "node:crypto";
import { RegistryError } from "./errors.ts";

/** A content address of the OCI image spec: `sha256:<64 hex>` or `sha512:<128 hex>`. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Tells whether `text` is a digest with an algorithm we verify. */
export function isDigest(text: string): text is Digest {
  return text.length <= 135 && pattern.test(text);
}

/** Reads a digest; throws REFERENCE_MALFORMED. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new RegistryError("REFERENCE_MALFORMED", {
    part: "digest",
    problem: "must be sha256: followed by 64 hexadecimal digits",
  });
}

/** The sha256 digest of `bytes`. */
export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Throws DIGEST_MISMATCH unless `bytes` are what `digest` names. */
export function verifyDigest(bytes: string | Uint8Array, digest: Digest, host?: string): void {
  const algorithm = digest.slice(0, digest.indexOf(":"));
  const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
  if (actual !== digest) throw new RegistryError("DIGEST_MISMATCH", host === undefined ? {} : { host });
}
