import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { isStaticProgram } from "@berth/agent/runtime";
import type { ImageName } from "../engine/image-client.ts";
import { aptInstall } from "../machine/apt.ts";
import { runCommand } from "../run-command.ts";
import { contentKey, recipeLabel } from "./content-key.ts";
import type { ImageMaker } from "./image-maker.ts";
import { tarOf } from "./pack-context.ts";

/** The variant of busybox's own image that is linked statically: no libc in it. */
export const publicBusybox = { repository: "public.ecr.aws/docker/library/busybox", tag: "musl" };
const binary = "/bin/busybox";
const recipeVersion = "1";

/** Makes an image of one static busybox and nothing else, unless the engine has it. Answers whether it was made. */
export async function ensureBusyboxImage(maker: ImageMaker, name: ImageName): Promise<boolean> {
  const { images, machine, report, signal } = maker;
  const reference = `${name.repository}:${name.tag}`;
  if (!(await hasStaticBusybox()) && machine.canInstall) await aptInstall(["busybox-static"], report, signal);
  const isLocal = await hasStaticBusybox();
  const bytes = isLocal ? await readFile(binary) : Buffer.alloc(0);
  const key = contentKey(
    recipeVersion,
    isLocal ? bytes.toString("base64") : `${publicBusybox.repository}:${publicBusybox.tag}`,
  );
  const existing = await images.find(reference, signal);
  // An image taken over from elsewhere carries no label of ours.
  if (existing && (!isLocal || existing.labels[recipeLabel] === key)) return false;
  if (isLocal) await importBusybox(maker, name, key);
  else await adoptPublicBusybox(maker, name);
  return true;
}

async function hasStaticBusybox(): Promise<boolean> {
  try {
    return isStaticProgram(await readFile(binary), process.arch === "arm64" ? "arm64" : "x64");
  } catch {
    return false;
  }
}

async function importBusybox({ images, signal }: ImageMaker, name: ImageName, key: string): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "berth-busybox-"));
  try {
    for (const part of ["bin", "etc", "root", "tmp"]) await mkdir(path.join(folder, part));
    await chmod(folder, 0o755);
    await chmod(path.join(folder, "tmp"), 0o1777);
    await copyFile(binary, path.join(folder, "bin/busybox"));
    const applets = (await runCommand(binary, ["--list"])).output
      .split("\n")
      .filter((name) => /^[\w[.+-]+$/.test(name));
    for (const applet of applets) {
      if (applet !== "busybox") await symlink("busybox", path.join(folder, "bin", applet));
    }
    await writeFile(path.join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    await writeFile(path.join(folder, "etc/group"), "root:x:0:\n");
    const changes = ['CMD ["sh"]', "ENV PATH=/bin", `LABEL ${recipeLabel}=${key}`];
    await images.importTar(Readable.from([await tarOf(folder)]), name, changes, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function adoptPublicBusybox({ images, report, signal }: ImageMaker, name: ImageName): Promise<void> {
  const local = "busybox:musl";
  const remote = `${publicBusybox.repository}:${publicBusybox.tag}`;
  if (await images.find(local, signal)) return images.tag(local, name, signal);
  if (!(await images.find(remote, signal))) await images.pull(publicBusybox, report, signal);
  await images.tag(remote, name, signal);
}
