import { createHash, hkdfSync } from "node:crypto";
import { StartupError } from "../domain/startup-error.ts";

const keyBytes = 32;

/** One key of the installation. `id` says which key sealed an envelope, and tells nothing about the key. */
export type Key = { id: Buffer; bytes: Buffer };

/** The installation's keys, newest first: the first seals, all open. */
export type Keyring = readonly [Key, ...Key[]];

const hint = `it is ${keyBytes} random bytes in base64, as \`openssl rand -base64 32\` makes them`;

function parseKey(text: string): Key {
  const bytes = Buffer.from(text, "base64");
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  if (!isBase64 || bytes.length !== keyBytes) throw new StartupError(`The secret key is malformed: ${hint}.`);
  return { bytes, id: createHash("sha256").update("berth key id\0").update(bytes).digest().subarray(0, 8) };
}

/** Reads keys separated by commas or lines, newest first. Throws StartupError. */
export function parseKeyring(text: string): Keyring {
  const [first, ...older] = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseKey);
  if (!first) throw new StartupError(`The secret key is empty: ${hint}.`);
  return [first, ...older];
}

/** A key for one purpose only, so that no two uses of the installation's key can be played against each other. */
export function derive(key: Key, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key.bytes, Buffer.alloc(0), `berth ${purpose}`, keyBytes));
}
