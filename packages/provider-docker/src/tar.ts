import { Readable } from "node:stream";
import { extract, type Header, pack } from "tar-stream";

export type TarEntry = Pick<Header, "name"> &
  Partial<Pick<Header, "type" | "mode" | "uid" | "gid" | "mtime" | "linkname">> & { body?: string | Buffer };

/** Packs a few small entries. */
export async function packTar(entries: readonly TarEntry[]): Promise<Buffer> {
  const stream = pack();
  for (const { body, ...header } of entries) stream.entry(header, body ?? "");
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Reads the first entry's header, and its content up to `limitBytes`, then drops the rest of the stream. */
export async function firstEntry(
  tar: Readable,
  limitBytes: number,
): Promise<{ header: Header; body: Buffer } | undefined> {
  const reader = tar.pipe(extract());
  // Errors of the source do not travel through a pipe by themselves.
  tar.on("error", (error) => reader.destroy(error));
  try {
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      let size = 0;
      if (limitBytes > 0) {
        for await (const chunk of entry) {
          size += (chunk as Buffer).length;
          if (size > limitBytes) break;
          chunks.push(chunk as Buffer);
        }
      }
      return { header: entry.header, body: Buffer.concat(chunks) };
    }
    return undefined;
  } finally {
    tar.destroy();
  }
}

/** A tar with nothing in it but one empty directory: the smallest image an engine imports. */
export async function emptyImageTar(): Promise<Readable> {
  return Readable.from([await packTar([{ name: "berth/", type: "directory", mode: 0o755 }])]);
}
