import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type ElfArch, readElf } from "./elf.ts";
import { RuntimeError } from "./runtime-error.ts";

export type BusyboxSources = {
  arch: ElfArch;
  /** Files to try first, e.g. /bin/busybox. */
  hostPaths: readonly string[];
  /** Another way to get one, e.g. out of an image the engine has: the path of a file, or `undefined`. */
  findBusybox?: (() => Promise<string | undefined>) | undefined;
  signal?: AbortSignal | undefined;
};

/** Whether a file is a program of this architecture that needs no loader and no library. */
export function isStaticProgram(file: Buffer, arch: ElfArch): boolean {
  try {
    const elf = readElf(file);
    return elf.arch === arch && elf.interpreter === undefined && elf.needed.length === 0;
  } catch {
    return false;
  }
}

/** Gets a static busybox: the host's, else Debian's package (unpacked, not installed), else the caller's. */
export async function obtainBusybox(sources: BusyboxSources): Promise<Buffer> {
  const { arch } = sources;
  for (const file of sources.hostPaths) {
    const program = await readProgram(file, arch);
    if (program !== undefined) return program;
  }
  const program = (await fromDebian(arch, sources.signal)) ?? (await readProgram(await sources.findBusybox?.(), arch));
  sources.signal?.throwIfAborted();
  if (program !== undefined) return program;
  throw new RuntimeError(
    "AGENT_BUSYBOX_MISSING",
    "The agent needs a statically linked busybox, and this machine has none.",
    "Install it (on Debian and Ubuntu: apt-get install busybox-static; on Fedora: dnf install busybox).",
  );
}

async function readProgram(file: string | undefined, arch: ElfArch): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  const bytes = await readFile(file).catch(() => undefined);
  return bytes !== undefined && isStaticProgram(bytes, arch) ? bytes : undefined;
}

/** Downloads and unpacks Debian's package; needs apt, not root. Any failure means: not this way. */
async function fromDebian(arch: ElfArch, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
  const run = promisify(execFile);
  const directory = await mkdtemp(path.join(tmpdir(), "berth-busybox-"));
  const options = { cwd: directory, timeout: 60_000, ...(signal && { signal }) };
  try {
    const debianArch = arch === "x64" ? "amd64" : "arm64";
    await run("apt-get", ["download", `busybox-static:${debianArch}`], options);
    const deb = (await readdir(directory)).find((name) => name.endsWith(".deb"));
    if (deb === undefined) return undefined;
    await run("dpkg-deb", ["-x", deb, "unpacked"], options);
    for (const file of ["bin/busybox", "usr/bin/busybox"]) {
      const program = await readProgram(path.join(directory, "unpacked", file), arch);
      if (program !== undefined) return program;
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
