import { randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

/** A file that went into a build, as it was then. */
export type InputStamp = { file: string; sizeBytes: number; modifiedMs: number };

/** What is remembered of the last build. The first three fields are also how a server finds the runtime. */
export type BuildRecord = {
  version: string;
  entrypoint: readonly string[];
  mountPath: string;
  recipe: string;
  nodePackageDir: string;
  inputs: InputStamp[];
};

/** Stamps a file. Throws when it is not there. */
export async function stampOf(file: string): Promise<InputStamp> {
  const { size, mtimeMs } = await stat(file);
  return { file, sizeBytes: size, modifiedMs: mtimeMs };
}

/** Whether every input is still what it was; by size and time, since reading them all would take longer than allowed. */
export async function areUnchanged(inputs: readonly InputStamp[]): Promise<boolean> {
  const checks = inputs.map(async (then) => {
    const now = await stampOf(then.file).catch(() => undefined);
    return now?.sizeBytes === then.sizeBytes && now.modifiedMs === then.modifiedMs;
  });
  return (await Promise.all(checks)).every(Boolean);
}

/** Reads the record of the last build; a missing or broken one means that there was none. */
export async function readRecord(directory: string): Promise<BuildRecord | undefined> {
  try {
    return JSON.parse(await readFile(path.join(directory, "current.json"), "utf8"));
  } catch {
    return undefined;
  }
}

/** Replaces the record in one step. */
export async function writeRecord(directory: string, record: BuildRecord): Promise<void> {
  const temporary = path.join(directory, `.current-${randomUUID()}`);
  await writeFile(temporary, JSON.stringify(record, undefined, 2));
  await rename(temporary, path.join(directory, "current.json"));
}

const KEPT_VERSIONS = 3;

/** Removes what killed builds left, and all but the newest versions. */
export async function prune(directory: string, current: string): Promise<void> {
  const versions: { file: string; modifiedMs: number }[] = [];
  for (const name of await readdir(directory)) {
    const file = path.join(directory, name);
    const builder = /^\.building-(\d+)-/.exec(name)?.[1];
    if (builder !== undefined && !isAlive(Number(builder))) await rm(file, { recursive: true, force: true });
    if (/^[0-9a-f]{16}$/.test(name) && name !== current) {
      versions.push({ file, modifiedMs: (await stampOf(file).catch(() => undefined))?.modifiedMs ?? 0 });
    }
  }
  versions.sort((a, b) => b.modifiedMs - a.modifiedMs);
  for (const { file } of versions.slice(KEPT_VERSIONS - 1)) await rm(file, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
