/** One entry of a tar file; `data` of a directory and of a link is absent. */
export type TarEntry =
  | { path: string; type: "directory"; mode: number }
  | { path: string; type: "file"; mode: number; data: Uint8Array }
  | { path: string; type: "symlink"; target: string };

const BLOCK = 512;
const typeFlags = { file: "0", symlink: "2", directory: "5" } as const;

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

function header(entry: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK);
  const name = entry.type === "directory" ? `${entry.path}/` : entry.path;
  if (Buffer.byteLength(name) > 100) throw new RangeError(`${name} is too long for a tar header`);
  block.write(name, 0);
  block.write(octal(entry.type === "symlink" ? 0o777 : entry.mode, 8), 100);
  block.write(octal(0, 8), 108); // uid
  block.write(octal(0, 8), 116); // gid
  block.write(octal(entry.type === "file" ? entry.data.length : 0, 12), 124);
  block.write(octal(0, 12), 136); // time
  block.write(" ".repeat(8), 148);
  block.write(typeFlags[entry.type], 156);
  if (entry.type === "symlink") block.write(entry.target, 157);
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** Gives the bytes of a tar file (POSIX ustar): the same entries give the same bytes, owned by root, without times. */
export function* tarChunks(entries: readonly TarEntry[]): Generator<Uint8Array> {
  for (const entry of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    yield header(entry);
    if (entry.type !== "file") continue;
    yield entry.data;
    const rest = entry.data.length % BLOCK;
    if (rest > 0) yield Buffer.alloc(BLOCK - rest);
  }
  yield Buffer.alloc(2 * BLOCK);
}
