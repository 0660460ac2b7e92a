import { createHash, randomBytes } from "node:crypto";

const tokenPrefix = "berth_";

/** A new session secret: 256 random bits, URL-safe. */
export function newSessionSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** A new API token; its prefix lets secret scanners and the log's redaction recognize it. */
export function newApiToken(): string {
  return tokenPrefix + randomBytes(32).toString("base64url");
}

/** What is stored of a session secret, an API token or the set-up token: random enough for a plain hash. */
export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Letters and digits that nobody mixes up; about 100 bits. */
export function newTemporaryPassword(): string {
  const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  const pick = () => {
    // Bytes above the last multiple would favour the first letters.
    for (;;)
      for (const byte of randomBytes(32)) if (byte < alphabet.length * 8) return alphabet[byte % alphabet.length];
  };
  return Array.from({ length: 4 }, () => Array.from({ length: 5 }, pick).join("")).join("-");
}
