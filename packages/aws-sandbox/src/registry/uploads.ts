import { createHash, type Hash, randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { AwsError } from "../aws-error.ts";
import type { BlobStore } from "./blob-store.ts";

type Upload = {
  repositoryArn: string;
  file: FileHandle;
  path: string;
  hash: Hash;
  sizeBytes: number;
  isBusy: boolean;
  usedAt: number;
};

function unknownUpload(): AwsError {
  return new AwsError("BLOB_UPLOAD_UNKNOWN", "The upload session does not exist", 404);
}

const idleMs = 3_600_000;

/** Layer uploads under way. They live as long as the process; a client whose session is gone starts again. */
export class Uploads {
  readonly #blobs: BlobStore;
  readonly #uploads = new Map<string, Upload>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  async start(repositoryArn: string): Promise<string> {
    await this.#discardIdle();
    const id = randomUUID();
    const path = this.#blobs.temporaryPath(id);
    const file = await open(path, "wx", 0o600);
    this.#uploads.set(id, {
      repositoryArn,
      file,
      path,
      hash: createHash("sha256"),
      sizeBytes: 0,
      isBusy: false,
      usedAt: performance.now(),
    });
    return id;
  }

  /** Bytes received so far; throws `BLOB_UPLOAD_UNKNOWN`. */
  size(id: string, repositoryArn: string): number {
    return this.#require(id, repositoryArn).sizeBytes;
  }

  /**
   * Appends a chunk and returns the bytes received so far. A connection that breaks keeps what arrived, so that the
   * client can ask and go on from there. Throws `BLOB_UPLOAD_INVALID` (416) for a chunk that does not follow.
   */
  async append(
    id: string,
    repositoryArn: string,
    chunk: { startsAt: number | undefined; body: Readable },
  ): Promise<number> {
    const upload = this.#require(id, repositoryArn);
    const isNext = chunk.startsAt === undefined || chunk.startsAt === upload.sizeBytes;
    if (!isNext || upload.isBusy) {
      throw new AwsError("BLOB_UPLOAD_INVALID", "The chunk does not start where the upload ends", 416);
    }
    upload.isBusy = true;
    try {
      for await (const piece of chunk.body) {
        await upload.file.appendFile(piece);
        upload.hash.update(piece);
        upload.sizeBytes += piece.length;
      }
    } finally {
      upload.isBusy = false;
      upload.usedAt = performance.now();
    }
    return upload.sizeBytes;
  }

  /** Ends an upload: the bytes become a blob if they have the digest, and go otherwise. */
  async complete(id: string, repositoryArn: string, digest: string): Promise<number> {
    const upload = this.#require(id, repositoryArn);
    this.#uploads.delete(id);
    await upload.file.close();
    if (`sha256:${upload.hash.digest("hex")}` !== digest) {
      await rm(upload.path, { force: true });
      throw new AwsError("DIGEST_INVALID", "The layer's content does not have the digest provided", 400);
    }
    await this.#blobs.adopt(upload.path, digest);
    return upload.sizeBytes;
  }

  async cancel(id: string, repositoryArn: string): Promise<void> {
    const upload = this.#require(id, repositoryArn);
    await this.#discard(id, upload);
  }

  async close(): Promise<void> {
    for (const [id, upload] of [...this.#uploads]) await this.#discard(id, upload);
  }

  /** Clients that went away without a word leave their sessions behind. */
  async #discardIdle(): Promise<void> {
    const limit = performance.now() - idleMs;
    for (const [id, upload] of [...this.#uploads]) {
      if (!upload.isBusy && upload.usedAt < limit) await this.#discard(id, upload);
    }
  }

  async #discard(id: string, upload: Upload): Promise<void> {
    this.#uploads.delete(id);
    await upload.file.close();
    await rm(upload.path, { force: true });
  }

  #require(id: string, repositoryArn: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.repositoryArn !== repositoryArn) throw unknownUpload();
    return upload;
  }
}
