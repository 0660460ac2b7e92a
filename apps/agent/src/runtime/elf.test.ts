import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isStaticProgram } from "./busybox.ts";
import { patchElf, readElf, stripElf } from "./elf.ts";
import { parseLoaderList } from "./libraries.ts";

type Shape = { interpreterBytes?: number; tags?: [number, number][]; machine?: number };

/** A little ELF file: headers, interpreter name, string table, dynamic section, and symbols behind them. */
function makeElf({ interpreterBytes = 28, tags = [[21, 0]], machine = 62 }: Shape = {}): Buffer {
  const file = Buffer.alloc(0x400, 0xcc);
  file.fill(0, 0, 0x300);
  file.write("\x7fELF\x02\x01\x01", 0, "latin1");
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeBigUInt64LE(0x300n, 40); // section headers
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(3, 56);
  const segment = (index: number, type: number, offset: number, size: number) => {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    for (const field of [8, 16]) file.writeBigUInt64LE(BigInt(offset + (field === 16 ? 0x10000 : 0)), at + field);
    for (const field of [32, 40]) file.writeBigUInt64LE(BigInt(size), at + field);
  };
  segment(0, 1, 0, 0x300);
  segment(1, 3, 0x120, interpreterBytes);
  segment(2, 2, 0x200, 0x100);
  file.write("/lib64/ld-linux-x86-64.so.2\0".slice(0, interpreterBytes), 0x120, "latin1");
  file.write("\0libc.so.6\0/old/path\0", 0x180, "latin1");
  const entries: [number, number][] = [[5, 0x10180], [1, 1], ...tags, [0, 0]];
  entries.forEach(([tag, value], index) => {
    file.writeBigInt64LE(BigInt(tag), 0x200 + index * 16);
    file.writeBigUInt64LE(BigInt(value), 0x208 + index * 16);
  });
  return file;
}

const refused = (pattern: RegExp) =>
  expect.objectContaining({ code: "AGENT_ELF_UNSUPPORTED", message: expect.stringMatching(pattern) });

describe("patching a program", () => {
  it("gives it another loader and library path, and nothing else", () => {
    const file = makeElf();
    expect(readElf(file)).toMatchObject({ interpreter: "/lib64/ld-linux-x86-64.so.2", rpath: undefined });
    patchElf(file, "/.berth/ld.so", "/.berth/lib");
    expect(readElf(file)).toEqual({
      ...{ arch: "x64", interpreter: "/.berth/ld.so", rpath: "/.berth/lib", needed: ["libc.so.6"], isDynamic: true },
    });
  });

  it("has room for 28 bytes on x64, ends of string included, and not for 29", () => {
    const path = "/.berth/lib12"; // 14 bytes with its end, as the loader's name
    patchElf(makeElf(), "/.berth/ld.so", path);
    const file = makeElf();
    const before = Buffer.from(file);
    expect(() => patchElf(file, "/.berth/ld.so", `${path}3`)).toThrow(refused(/need 29 bytes and there are 28/));
    expect(file.equals(before)).toBe(true);
    expect(() => patchElf(makeElf({ interpreterBytes: 27 }), "/.berth/ld.so", path)).toThrow(refused(/need 28 bytes/));
  });

  it.each([
    [
      "a program that has a library path",
      makeElf({
        tags: [
          [21, 0],
          [29, 11],
        ],
      }),
      /already has a library path/,
    ],
    ["a program without a place for one", makeElf({ tags: [] }), /no place for a library path/],
    ["something that is no program", Buffer.from("#!/bin/sh\n".repeat(20)), /not a 64-bit/],
  ])("refuses %s", (_what, file, reason) => {
    expect(() => patchElf(file, "/.berth/ld.so", "/.berth/lib")).toThrow(refused(reason));
  });

  it("refuses a program that is cut short", () => {
    expect(() => readElf(makeElf().subarray(0, 0x190))).toThrow(refused(/./));
  });

  it("can drop what loading does not need", () => {
    const stripped = stripElf(makeElf());
    expect(stripped.length).toBe(0x300);
    expect(stripped.readBigUInt64LE(40)).toBe(0n);
    expect(readElf(stripped)).toEqual(readElf(makeElf()));
  });

  it("reads real programs: the Node that runs this", () => {
    const node = readElf(readFileSync(process.execPath));
    expect(node.arch).toBe(process.arch);
    expect(node.needed).toContain("libc.so.6");
    expect(isStaticProgram(readFileSync(process.execPath), process.arch as "x64")).toBe(false);
  });
});

it("reads what the loader says about libraries", () => {
  const text = [
    "\tlinux-vdso.so.1 (0x00007ffd)",
    "\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f1)",
    "\tlibgone.so.1 => not found",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f2)",
  ].join("\n");
  expect(parseLoaderList(text)).toEqual([
    { name: "libdl.so.2", file: "/lib/x86_64-linux-gnu/libdl.so.2" },
    { name: "libgone.so.1", file: undefined },
  ]);
});
