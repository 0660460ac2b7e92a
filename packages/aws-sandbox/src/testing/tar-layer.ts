import { gzipSync } from "node:zlib";

/** A file of a layer: its text, or its bytes with a mode. */
export type LayerFile = string | { data: Buffer; mode: number };

function octal(value: number, width: number): string {
  return value.toString(8).padStart(width - 1, "0");
}

function entry(name: string, data: Buffer, mode: number): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0, 100);
  head.write(octal(mode, 8), 100);
  head.write(octal(0, 8), 108);
  head.write(octal(0, 8), 116);
  head.write(octal(data.length, 12), 124);
  head.write(octal(0, 12), 136);
  head.write("        ", 148);
  head.write("0", 156);
  head.write("ustar\u000000", 257, "latin1");
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${octal(sum, 7)}\0 `, 148);
  return Buffer.concat([head, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** A gzipped tar of files by path, the same bytes every time. */
export function tarLayer(files: Readonly<Record<string, LayerFile>>): { tar: Buffer; gzip: Buffer } {
  const entries = Object.entries(files).map(([name, file]) =>
    typeof file === "string" ? entry(name, Buffer.from(file), 0o644) : entry(name, file.data, file.mode),
  );
  const tar = Buffer.concat([...entries, Buffer.alloc(1024)]);
  return { tar, gzip: gzipSync(tar, { level: 1 }) };
}
