import { RuntimeError } from "./runtime-error.ts";

/**
 * Reads and rewrites 64-bit little-endian ELF files (System V ABI, chapters 4 and 5), in memory.
 * Only what is needed to make a dynamic program start from a loader and libraries of its own.
 */
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NULL = 0n;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_RPATH = 15n;
const DT_DEBUG = 21n;
const DT_RUNPATH = 29n;
const machines = { x64: 62, arm64: 183 } as const;

export type ElfArch = keyof typeof machines;

type Segment = { type: number; headerAt: number; offset: number; address: bigint; fileSize: number };
type DynamicEntry = { at: number; tag: bigint; value: bigint };

export type Elf = {
  arch: ElfArch | undefined;
  /** Program that loads this one; `undefined` in a static program and in a library. */
  interpreter: string | undefined;
  rpath: string | undefined;
  needed: string[];
  isDynamic: boolean;
};

function unsupported(why: string, options?: ErrorOptions): RuntimeError {
  return new RuntimeError(
    "AGENT_ELF_UNSUPPORTED",
    `The program cannot be made portable: ${why}.`,
    "Reinstall it.",
    options,
  );
}

/** Whether the bytes begin like an ELF file this module understands. */
export function isElf64(file: Buffer): boolean {
  return file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
}

function segmentsOf(file: Buffer): Segment[] {
  if (!isElf64(file)) throw unsupported("it is not a 64-bit little-endian ELF file");
  const tableAt = Number(file.readBigUInt64LE(32));
  const entrySize = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const headerAt = tableAt + index * entrySize;
    return {
      headerAt,
      type: file.readUInt32LE(headerAt),
      offset: Number(file.readBigUInt64LE(headerAt + 8)),
      address: file.readBigUInt64LE(headerAt + 16),
      fileSize: Number(file.readBigUInt64LE(headerAt + 32)),
    };
  });
}

function dynamicOf(file: Buffer, segments: readonly Segment[]): DynamicEntry[] {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC);
  const entries: DynamicEntry[] = [];
  if (segment === undefined) return entries;
  for (let at = segment.offset; at + 16 <= segment.offset + segment.fileSize; at += 16) {
    const tag = file.readBigInt64LE(at);
    if (tag === DT_NULL) break;
    entries.push({ at, tag, value: file.readBigUInt64LE(at + 8) });
  }
  return entries;
}

function textAt(file: Buffer, at: number): string {
  return file.toString("utf8", at, file.indexOf(0, at));
}

function stringTable(segments: readonly Segment[], dynamic: readonly DynamicEntry[]): number {
  const address = dynamic.find(({ tag }) => tag === DT_STRTAB)?.value;
  if (address === undefined) throw unsupported("it has no string table");
  const load = segments.find(
    ({ type, address: start, fileSize }) => type === PT_LOAD && address >= start && address < start + BigInt(fileSize),
  );
  if (load === undefined) throw unsupported("its string table is not in a segment");
  return load.offset + Number(address - load.address);
}

/** Reads what decides how a program is loaded. Throws AGENT_ELF_UNSUPPORTED. */
export function readElf(file: Buffer): Elf {
  try {
    const segments = segmentsOf(file);
    const dynamic = dynamicOf(file, segments);
    const interp = segments.find(({ type }) => type === PT_INTERP);
    const strings = dynamic.length > 0 ? stringTable(segments, dynamic) : 0;
    const texts = (wanted: bigint) =>
      dynamic
        .filter(({ tag }) => tag === wanted)
        .map(({ value }) => textAt(file, strings + Number(BigInt.asIntN(64, value))));
    const machine = file.readUInt16LE(18);
    return {
      arch: machine === machines.x64 ? "x64" : machine === machines.arm64 ? "arm64" : undefined,
      interpreter: interp && textAt(file, interp.offset),
      rpath: texts(DT_RPATH)[0] ?? texts(DT_RUNPATH)[0],
      needed: texts(DT_NEEDED),
      isDynamic: interp !== undefined || dynamic.length > 0,
    };
  } catch (error) {
    if (error instanceof RangeError) throw unsupported("it is cut short", { cause: error });
    throw error;
  }
}

/**
 * Makes a program start from `interpreter` and look for libraries in `rpath`, in place. Nothing moves: both strings go
 * where the old interpreter's name was (28 bytes on x64, 27 on arm64, NULs included), and DT_DEBUG, which only debuggers
 * read, becomes DT_RPATH. Throws AGENT_ELF_UNSUPPORTED, before changing anything, when that is not possible.
 */
export function patchElf(file: Buffer, interpreter: string, rpath: string): void {
  const segments = segmentsOf(file);
  const dynamic = dynamicOf(file, segments);
  const interp = segments.find(({ type }) => type === PT_INTERP);
  if (interp === undefined) throw unsupported("it is not a dynamic program");
  if (dynamic.some(({ tag }) => tag === DT_RPATH || tag === DT_RUNPATH))
    throw unsupported("it already has a library path");
  const slot = dynamic.find(({ tag }) => tag === DT_DEBUG);
  const strings = dynamic.find(({ tag }) => tag === DT_STRTAB);
  if (slot === undefined || strings === undefined) throw unsupported("it has no place for a library path");
  const text = Buffer.from(`${interpreter}\0${rpath}\0`);
  if (text.length > interp.fileSize) {
    throw unsupported(`loader and library path need ${text.length} bytes and there are ${interp.fileSize}`);
  }
  file.fill(0, interp.offset, interp.offset + interp.fileSize);
  text.copy(file, interp.offset);
  const interpreterBytes = BigInt(Buffer.byteLength(interpreter) + 1);
  file.writeBigUInt64LE(interpreterBytes, interp.headerAt + 32);
  file.writeBigUInt64LE(interpreterBytes, interp.headerAt + 40);
  // An offset from the string table, which wraps round when the interpreter lies before it.
  file.writeBigInt64LE(DT_RPATH, slot.at);
  file.writeBigUInt64LE(BigInt.asUintN(64, interp.address + interpreterBytes - strings.value), slot.at + 8);
}

/** Cuts off what loading does not need: symbols and section headers, which lie behind the last segment. */
export function stripElf(file: Buffer): Buffer {
  const end = Math.max(...segmentsOf(file).map(({ offset, fileSize }) => offset + fileSize));
  const stripped = Buffer.from(file.subarray(0, end));
  stripped.writeBigUInt64LE(0n, 40); // e_shoff
  stripped.fill(0, 58, 64); // e_shentsize, e_shnum, e_shstrndx
  return stripped;
}
