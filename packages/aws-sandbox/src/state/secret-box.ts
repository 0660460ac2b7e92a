import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** Seals and opens values under keys derived from one root key, one key a purpose. */
export class SecretBox {
  readonly #root: Buffer;

  constructor(root: Buffer) {
    this.#root = root;
  }

  /** A text secret for a purpose, stable for the life of the root key. */
  derive(purpose: string): string {
    return this.#key(purpose).toString("base64url");
  }

  seal(purpose: string, plain: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key(purpose), nonce, { authTagLength: 16 });
    const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** Undefined when the value was not sealed for this purpose by this root key. */
  open(purpose: string, sealed: Buffer): string | undefined {
    if (sealed.length < 28) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", this.#key(purpose), sealed.subarray(0, 12), { authTagLength: 16 });
    decipher.setAuthTag(sealed.subarray(12, 28));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString("utf8");
    } catch {
      return undefined;
    }
  }

  mac(purpose: string, text: string): string {
    return createHmac("sha256", this.#key(purpose)).update(text).digest("base64url");
  }

  #key(purpose: string): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#root, "", purpose, 32));
  }
}

/** Compares two texts without telling by time where they differ. */
export function equalsInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
