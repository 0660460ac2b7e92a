import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";

const digestPattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}

export function sha256Digest(data: Buffer): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** Content-addressed files. A file appears under its digest whole or not at all. */
export class BlobStore {
  readonly #root: string;
  readonly #temporary: string;

  /** Clears what an earlier process left half-written. */
  constructor(directory: string) {
    this.#root = path.join(directory, "blobs");
    this.#temporary = path.join(directory, "uploads");
    rmSync(this.#temporary, { recursive: true, force: true });
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    mkdirSync(this.#temporary, { recursive: true, mode: 0o700 });
  }

  /** A path for bytes whose digest is not known yet. */
  temporaryPath(id: string = randomUUID()): string {
    return path.join(this.#temporary, id);
  }

  path(digest: string): string {
    const hex = digest.slice("sha256:".length);
    return path.join(this.#root, hex.slice(0, 2), hex);
  }

  /** Size in bytes; undefined when the blob is not here. */
  async size(digest: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(digest))).size;
    } catch {
      return undefined;
    }
  }

  read(digest: string): Promise<Buffer> {
    return readFile(this.path(digest));
  }

  /** Takes a finished temporary file, already verified, under its digest. */
  async adopt(temporary: string, digest: string): Promise<void> {
    const target = this.path(digest);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await rename(temporary, target);
  }

  async write(data: Buffer): Promise<string> {
    const digest = sha256Digest(data);
    if ((await this.size(digest)) === data.length) return digest;
    const temporary = this.temporaryPath();
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(data);
    } finally {
      await file.close();
    }
    await this.adopt(temporary, digest);
    return digest;
  }

  /** Deletes every blob that `isUsed` does not want. */
  async sweep(isUsed: (digest: string) => boolean): Promise<void> {
    for (const prefix of readdirSync(this.#root)) {
      for (const hex of readdirSync(path.join(this.#root, prefix))) {
        if (!isUsed(`sha256:${hex}`)) await rm(path.join(this.#root, prefix, hex), { force: true });
      }
    }
  }
}
