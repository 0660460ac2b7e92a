import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { obtainBusybox } from "./busybox.ts";

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

/** The smallest static program: an ELF header that names no segment. */
async function staticProgram(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-busybox-"));
  directories.push(directory);
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", 0, "latin1");
  header.writeUInt16LE(62, 18);
  await writeFile(path.join(directory, "busybox"), header);
  return path.join(directory, "busybox");
}

const never = AbortSignal.abort();

it("takes the machine's busybox when it is static, passing over what is not", async () => {
  const file = await staticProgram();
  const program = await obtainBusybox({ arch: "x64", hostPaths: ["/nowhere", process.execPath, file] });
  expect(program.length).toBe(64);
});

it("refuses another processor's, and stops when told to", async () => {
  const file = await staticProgram();
  await expect(obtainBusybox({ arch: "arm64", hostPaths: [file], signal: never })).rejects.toThrow(/aborted/);
});
