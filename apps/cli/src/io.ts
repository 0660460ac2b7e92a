import type { Readable, Writable } from "node:stream";

/** Where a command reads from; a terminal can be put in raw mode. */
export type InputStream = Readable & { isTTY?: boolean; setRawMode?(on: boolean): unknown };
/** Where a command writes to; a terminal knows its size in cells and says when it changes. */
export type OutputStream = Writable & { isTTY?: boolean; columns?: number; rows?: number };

export type SignalName = "INT" | "TERM" | "HUP";

/** The process as a command sees it: handed in, so that a command never reaches for a global. */
export type Io = {
  stdin: InputStream;
  stdout: OutputStream;
  stderr: OutputStream;
  /** Calls `listener` for every signal until the returned function is called; the newest listener alone is called. */
  onSignal(listener: (name: SignalName) => void): () => void;
  now(): Date;
};

/** Writes all of `chunk`, waiting while the reader is slow. */
export async function writeAll(stream: OutputStream, chunk: string | Uint8Array): Promise<void> {
  if (stream.write(chunk)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (finish: () => void) => () => {
      stream.off("drain", onDrain).off("close", onClose).off("error", onError);
      finish();
    };
    const onDrain = settle(resolve);
    const onClose = settle(resolve);
    const onError = (error: Error) => settle(() => reject(error))();
    stream.once("drain", onDrain).once("close", onClose).once("error", onError);
  });
}
