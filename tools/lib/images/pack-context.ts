import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";

/** A tar of a few small files, as the engine takes a build. */
export async function packContext(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "berth-context-"));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    return await tarOf(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A tar of a folder's contents, owned by root. */
export function tarOf(folder: string): Promise<Buffer> {
  return runTar(["--create", "--owner=0", "--group=0", "--numeric-owner", "--directory", folder, "."]);
}

/** One file out of a tar. */
export function untar(archive: Buffer, name: string): Promise<Buffer> {
  return runTar(["--extract", "--to-stdout", name], archive);
}

async function runTar(args: readonly string[], input: Buffer = Buffer.alloc(0)): Promise<Buffer> {
  const child = spawn("tar", args, { stdio: ["pipe", "pipe", "inherit"] });
  const status = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  // tar may have had enough before it has read everything.
  child.stdin.on("error", () => undefined).end(input);
  const [bytes, code] = await Promise.all([buffer(child.stdout), status]);
  if (code !== 0) throw new Error(`tar ended with ${code}.`);
  return bytes;
}
