const programInterpreter = 3;

/** Whether a program needs no loader and no library: a 64-bit ELF file without PT_INTERP (elf(5)). */
export function isStaticElf(file: Buffer): boolean {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2) return false;
  const headersAt = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  const count = file.readUInt16LE(56);
  for (let index = 0; index < count; index += 1) {
    const at = headersAt + index * size;
    if (at + 4 > file.length) return false;
    if (file.readUInt32LE(at) === programInterpreter) return false;
  }
  return true;
}
