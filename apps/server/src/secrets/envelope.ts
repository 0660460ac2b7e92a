import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { derive, type Keyring } from "./keyring.ts";

/*
 * Layout: version (1), key id (8), then two sealed boxes: the data key (sealed by the installation's key) and the
 * secret (sealed by the data key). A box is nonce (12), ciphertext, tag (16). Both are bound to the record's id, so an
 * envelope moved to another record does not open. A new installation key re-wraps data keys only.
 */
const version = 1;
const keyIdBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const dataKeyBytes = 32;
const wrappedBytes = nonceBytes + dataKeyBytes + tagBytes;
const headBytes = 1 + keyIdBytes;

/** An envelope that does not open: made by another key, for another record, or damaged. */
export class EnvelopeError extends Error {
  readonly reason: "unknown_key" | "damaged";

  constructor(reason: "unknown_key" | "damaged") {
    super(
      reason === "unknown_key"
        ? "A stored secret was sealed by a key that this server does not have."
        : "A stored secret is damaged, or belongs to another record.",
    );
    this.name = "EnvelopeError";
    this.reason = reason;
  }
}

function sealBox(key: Buffer, plain: Buffer, record: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes }).setAAD(record);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function openBox(key: Buffer, box: Buffer, record: Buffer): Buffer {
  const nonce = box.subarray(0, nonceBytes);
  const tag = box.subarray(-tagBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(record).setAuthTag(tag);
  return Buffer.concat([decipher.update(box.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}

/** Seals and opens the secrets of rows. `recordId` names one secret of one row for ever. */
export class SecretBox {
  readonly #keys: { id: Buffer; envelopeKey: Buffer }[];

  constructor(keyring: Keyring) {
    this.#keys = keyring.map((key) => ({ id: key.id, envelopeKey: derive(key, "envelope v1") }));
  }

  seal(secret: string, recordId: string): Buffer {
    const [newest] = this.#keys;
    if (!newest) throw new EnvelopeError("unknown_key");
    const record = Buffer.from(`berth envelope v${version}\0${recordId}`);
    const dataKey = randomBytes(dataKeyBytes);
    const wrapped = sealBox(newest.envelopeKey, dataKey, record);
    return Buffer.concat([Buffer.of(version), newest.id, wrapped, sealBox(dataKey, Buffer.from(secret), record)]);
  }

  /** Throws EnvelopeError. */
  open(envelope: Buffer, recordId: string): string {
    const isWhole = envelope.length >= headBytes + wrappedBytes + nonceBytes + tagBytes && envelope[0] === version;
    if (!isWhole) throw new EnvelopeError("damaged");
    const keyId = envelope.subarray(1, headBytes);
    const key = this.#keys.find(({ id }) => id.equals(keyId));
    if (!key) throw new EnvelopeError("unknown_key");
    const record = Buffer.from(`berth envelope v${version}\0${recordId}`);
    const wrappedEnd = headBytes + wrappedBytes;
    try {
      const dataKey = openBox(key.envelopeKey, envelope.subarray(headBytes, wrappedEnd), record);
      return openBox(dataKey, envelope.subarray(wrappedEnd), record).toString("utf8");
    } catch {
      throw new EnvelopeError("damaged");
    }
  }
}
