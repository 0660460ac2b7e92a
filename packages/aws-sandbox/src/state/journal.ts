import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { z } from "zod";

/** One change of one record; a null value removes it. */
export type Change = { table: string; part: string; id: string; value: unknown };

const lineSchema = z.array(z.tuple([z.string(), z.string(), z.string(), z.unknown()]));

/**
 * Keeps records in a file of JSON lines, one line a transaction, written before the transaction is acknowledged:
 * a killed process loses nothing that it answered for, and half a line at the end is a transaction that never was.
 */
export class Journal {
  readonly #path: string;
  #descriptor: number;
  #isClosed = false;

  private constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, "a", 0o600);
  }

  /** Opens the file and hands every change in it, oldest first, to `apply`. */
  static open(path: string, apply: (change: Change) => void): Journal {
    if (existsSync(path)) {
      const text = readFileSync(path, "utf8");
      const whole = text.slice(0, text.lastIndexOf("\n") + 1);
      for (const line of whole.split("\n")) {
        if (line === "") continue;
        for (const [table, part, id, value] of lineSchema.parse(JSON.parse(line))) apply({ table, part, id, value });
      }
      if (whole.length < text.length) replaceFile(path, whole);
    }
    return new Journal(path);
  }

  append(changes: readonly Change[]): void {
    if (this.#isClosed) throw new Error("The journal is closed.");
    const line = `${JSON.stringify(changes.map(({ table, part, id, value }) => [table, part, id, value ?? null]))}\n`;
    const bytes = Buffer.from(line);
    const { size } = fstatSync(this.#descriptor);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
    } catch (error) {
      // A full disk may have taken half a line; what is appended later must not follow it.
      ftruncateSync(this.#descriptor, size);
      throw error;
    }
  }

  /** Replaces the history by the records that are left, so that the file does not grow for ever. */
  compact(records: Iterable<Change>): void {
    const lines: string[] = [];
    for (const { table, part, id, value } of records) lines.push(`${JSON.stringify([[table, part, id, value]])}\n`);
    replaceFile(this.#path, lines.join(""));
    closeSync(this.#descriptor);
    this.#descriptor = openSync(this.#path, "a", 0o600);
  }

  close(): void {
    this.#isClosed = true;
    closeSync(this.#descriptor);
  }
}

function replaceFile(path: string, text: string): void {
  const next = `${path}.next`;
  const descriptor = openSync(next, "w", 0o600);
  closeSync(descriptor);
  appendFileSync(next, text, { flush: true });
  renameSync(next, path);
}
