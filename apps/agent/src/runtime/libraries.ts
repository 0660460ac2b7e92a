import { execFile } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { RuntimeError } from "./runtime-error.ts";

/** A shared library: the name programs ask for, and the file it is. */
export type Library = { name: string; file: string };

/** Loaded at run time by name, so no program lists them: name service and stack unwinding of threads. */
const loadedByName = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libgcc_s.so.1"];

/** Reads the lines `name => /path (0x…)` of `ld.so --list`; `undefined` where it found nothing. */
export function parseLoaderList(text: string): { name: string; file: string | undefined }[] {
  return [...text.matchAll(/^\s*(\S+) => (not found|\/\S+)/gm)].map((match) => ({
    name: match[1] ?? "",
    file: match[2]?.startsWith("/") ? match[2] : undefined,
  }));
}

/**
 * Resolves every library the programs need, as the host's own loader does. Throws AGENT_LIBRARY_MISSING,
 * AGENT_HOST_UNSUPPORTED.
 */
export async function resolveLibraries(loader: string, programs: string[], signal?: AbortSignal): Promise<Library[]> {
  const found = new Map<string, string>();
  for (const program of programs) {
    const lines = parseLoaderList(await listWith(loader, program, signal));
    for (const { name, file } of lines) {
      if (file === undefined) throw missing(name);
      if (name !== path.basename(loader)) found.set(name, file);
    }
  }
  const libc = found.get("libc.so.6");
  if (libc === undefined) throw missing("libc.so.6");
  const directories = new Set([...found.values()].map((file) => path.dirname(file)));
  for (const name of loadedByName) {
    const file = await firstExisting([...directories].map((directory) => path.join(directory, name)));
    if (file !== undefined) found.set(name, file);
  }
  const libraries = [...found].map(async ([name, file]) => ({ name, file: await realpath(file) }));
  return (await Promise.all(libraries)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function missing(name: string): RuntimeError {
  return new RuntimeError(
    "AGENT_LIBRARY_MISSING",
    `The agent needs the library ${name}, which this machine does not have.`,
    "Install the C and C++ runtime libraries (on Debian: apt-get install libc6 libstdc++6).",
  );
}

async function listWith(loader: string, program: string, signal?: AbortSignal): Promise<string> {
  try {
    const options = { ...(signal && { signal }), env: { LC_ALL: "C" } };
    return (await promisify(execFile)(loader, ["--list", program], options)).stdout;
  } catch (cause) {
    signal?.throwIfAborted();
    throw new RuntimeError(
      "AGENT_HOST_UNSUPPORTED",
      "This machine's loader cannot list what the agent needs.",
      "Build the agent on a Linux machine with glibc 2.28 or newer.",
      { cause },
    );
  }
}

async function firstExisting(files: string[]): Promise<string | undefined> {
  for (const file of files) {
    const isThere = await readFile(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
