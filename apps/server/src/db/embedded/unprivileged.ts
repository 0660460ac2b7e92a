import { spawnSync } from "node:child_process";
import { chmod, chown, lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { StartupError } from "../../domain/startup-error.ts";

/** How to run a program that refuses to run as root. */
export type Launcher = {
  /** Words before the program. */
  prefix: string[];
  /** Given to `spawn`. */
  identity: { uid?: number; gid?: number };
  /** Lets whom the program runs as pass through a folder to what is in it. Throws StartupError. */
  openWay(folder: string): Promise<void>;
  /** Hands a folder and all in it over to whom the program runs as. */
  handOver(folder: string): Promise<void>;
};

const works = (command: string, args: string[], identity: Launcher["identity"] = {}) =>
  spawnSync(command, args, { stdio: "ignore", ...identity }).status === 0;

const nothing = async () => undefined;

/** `nobody` on every Linux; PostgreSQL wants a user that has a name. */
const nobody = 65534;

/** Gives a folder to a user, unless it is theirs; an earlier start may have run as another. */
async function giveTo(id: number, folder: string): Promise<void> {
  if ((await lstat(folder)).uid === id) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await chown(path.join(entry.parentPath, entry.name), id, id);
  // The folder itself comes last: its owner says that all within is done.
  await chown(folder, id, id);
}

async function openWayForNobody(folder: string): Promise<void> {
  for (const part of [path.dirname(folder), folder]) await chmod(part, (await lstat(part)).mode | 0o011);
  if (works("test", ["-x", folder], { uid: nobody, gid: nobody })) return;
  throw new StartupError(
    `PostgreSQL does not run as root, and nobody else reaches ${folder}: set BERTH_DATA_DIR to a folder outside of private ones, such as /var/lib/berth, or run Berth as another user.`,
  );
}

/**
 * As root, PostgreSQL runs in a user namespace of its own, where root is nobody: files stay root's, so nothing has to
 * be readable by others. Where namespaces are forbidden, as in many containers, it runs as `nobody`.
 */
export function unprivilegedLauncher(): Launcher {
  // The server should end with us even when we are killed; the start handles it when it does not.
  const follow = works("setpriv", ["--pdeathsig", "INT", "true"]) ? ["setpriv", "--pdeathsig", "INT"] : [];
  if (process.getuid?.() !== 0) return { prefix: follow, identity: {}, openWay: nothing, handOver: nothing };
  if (works("unshare", ["--user", "true"])) {
    const prefix = ["unshare", "--user", ...follow];
    return { prefix, identity: {}, openWay: nothing, handOver: (folder) => giveTo(0, folder) };
  }
  const identity = { uid: nobody, gid: nobody };
  return { prefix: follow, identity, openWay: openWayForNobody, handOver: (folder) => giveTo(nobody, folder) };
}
