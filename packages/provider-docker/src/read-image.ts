import path from "node:path";
import type { Setting } from "./context.ts";
import type { ImageInspect } from "./engine-types.ts";
import { parseEnv } from "./environment.ts";
import { withHelper } from "./helper-container.ts";
import { homeDirectory } from "./home-directory.ts";
import { type ImageUser, resolveImageUser } from "./image-user.ts";
import { firstEntry } from "./tar.ts";

export type Ownership = { uid: number; gid: number; mode: number };

/** What an image says about the people in it. */
export type ImageFacts = {
  user: ImageUser;
  home: string;
  /** Where home really is, when its path is a symbolic link in the image. */
  homeTarget: string;
  /** Owner and mode of the image's own home; `undefined` when the image has no such directory. */
  homeOwnership: Ownership | undefined;
};

/** /etc/passwd of a large directory service stays below this; anything longer is cut. */
const largestFileBytes = 4 * 1024 * 1024;

/** Reads an image's user and home through a container that is created and never started. */
export async function readImage(setting: Setting, image: ImageInspect, signal: AbortSignal): Promise<ImageFacts> {
  const { engine, agentRuntime } = setting;
  return withHelper(setting, { image: image.Id }, async (id) => {
    const read = (file: string) => readTextFile(engine, id, file, signal);
    const [passwd, group] = await Promise.all([read("/etc/passwd"), read("/etc/group")]);
    const user = resolveImageUser(image.Config?.User ?? "", passwd, group);
    const envHome = parseEnv(image.Config?.Env ?? []).get("HOME");
    const home = homeDirectory({ envHome, passwdHome: user.home }, agentRuntime.mountPath);
    const stat = await engine.statArchive(id, home, signal);
    const homeTarget = stat?.linkTarget ? path.posix.resolve("/", stat.linkTarget) : home;
    const homeOwnership = stat && (await readOwnership(engine, id, homeTarget, signal));
    return { user, home, homeTarget, homeOwnership };
  });
}

/** Reads the owner and mode of a directory in a container, or `undefined` when there is none. */
export async function readOwnership(
  engine: Setting["engine"],
  containerId: string,
  directory: string,
  signal: AbortSignal,
): Promise<Ownership | undefined> {
  const tar = await engine.getArchive(containerId, `${directory}/.`, signal);
  const header = tar && (await firstEntry(tar, 0))?.header;
  if (header?.type !== "directory") return undefined;
  return { uid: header.uid ?? 0, gid: header.gid ?? 0, mode: (header.mode ?? 0o755) & 0o7777 };
}

/** Links are followed as the container would follow them, so none leads out of it. A missing file reads as empty. */
async function readTextFile(
  engine: Setting["engine"],
  containerId: string,
  file: string,
  signal: AbortSignal,
): Promise<string> {
  let target = file;
  for (let hops = 0; hops < 8; hops += 1) {
    const tar = await engine.getArchive(containerId, target, signal);
    const entry = tar && (await firstEntry(tar, largestFileBytes));
    if (entry?.header.type === "file") return entry.body.toString("utf8");
    if (entry?.header.type !== "symlink" || !entry.header.linkname) return "";
    target = path.posix.resolve(path.posix.dirname(target), entry.header.linkname);
  }
  return "";
}
