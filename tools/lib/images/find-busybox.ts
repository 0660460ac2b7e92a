import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer, json } from "node:stream/consumers";
import type { EngineAddress } from "@berth/provider-docker";
import { removeContainer } from "../engine/container-client.ts";
import { callEngine, isRefusal, messageOf } from "../engine/engine-http.ts";
import { aptInstall } from "../machine/apt.ts";
import { publicBusybox } from "./busybox-image.ts";
import type { ImageMaker } from "./image-maker.ts";
import { untar } from "./pack-context.ts";

/** Gets a static busybox for a machine that has none, and answers its path: Debian's package, else out of busybox's own image. */
export async function findBusybox(address: EngineAddress, maker: ImageMaker, folder: string): Promise<string> {
  if (!maker.machine.canInstall) return extractBusybox(address, maker, folder);
  await aptInstall(["busybox-static"], maker.report, maker.signal);
  return "/bin/busybox";
}

async function extractBusybox(
  address: EngineAddress,
  { images, report, signal }: ImageMaker,
  folder: string,
): Promise<string> {
  const reference = `${publicBusybox.repository}:${publicBusybox.tag}`;
  if (!(await images.find(reference, signal))) await images.pull(publicBusybox, report, signal);
  const id = await createContainer(address, reference, signal);
  try {
    const call = { method: "GET", path: `/containers/${id}/archive?path=/bin/busybox` };
    const answer = await callEngine(address, call, signal);
    if (isRefusal(answer)) throw new Error(await messageOf(answer));
    const file = path.join(folder, "busybox");
    await mkdir(folder, { recursive: true });
    await writeFile(file, await untar(await buffer(answer), "busybox"), { mode: 0o755 });
    return file;
  } finally {
    await removeContainer(address, { id, graceSeconds: 0 }, AbortSignal.timeout(10_000));
  }
}

async function createContainer(address: EngineAddress, image: string, signal: AbortSignal): Promise<string> {
  const body = Buffer.from(JSON.stringify({ Image: image }));
  const headers = { "content-type": "application/json" };
  const answer = await callEngine(address, { method: "POST", path: "/containers/create", headers, body }, signal);
  if (isRefusal(answer)) throw new Error(await messageOf(answer));
  return ((await json(answer)) as { Id: string }).Id;
}
