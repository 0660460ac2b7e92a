import { spawnSync } from "node:child_process";
import { chown, lstat, readdir } from "node:fs/promises";
import path from "node:path";

/** How to run a program that refuses to run as root. */
export type Launcher = {
  /** Words before the program. */
  prefix: string[];
  /** Given to `spawn`. */
  identity: { uid?: number; gid?: number };
  /** Hands a folder over to whom the program runs as. */
  prepare(folder: string): Promise<void>;
};

const works = (command: string, args: string[]) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

/** `nobody` on every Linux; PostgreSQL wants a user that has a name. */
const nobody = 65534;

async function chownAll(folder: string, id: number): Promise<void> {
  if ((await lstat(folder)).uid === id) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await chown(path.join(entry.parentPath, entry.name), id, id);
  // The folder itself comes last: its owner says that all within is done.
  await chown(folder, id, id);
}

/**
 * As root, PostgreSQL runs in a user namespace of its own, where root is nobody: files stay root's, so nothing has to
 * be readable by others. Where namespaces are forbidden, as in many containers, it runs as `nobody`.
 */
export function unprivilegedLauncher(isRoot = process.getuid?.() === 0): Launcher {
  // The server should end with us even when we are killed; the start handles it when it does not.
  const follow = works("setpriv", ["--pdeathsig", "INT", "true"]) ? ["setpriv", "--pdeathsig", "INT"] : [];
  if (!isRoot) return { prefix: follow, identity: {}, prepare: async () => undefined };
  if (works("unshare", ["--user", "true"]))
    return { prefix: ["unshare", "--user", ...follow], identity: {}, prepare: async () => undefined };
  return {
    prefix: follow,
    identity: { uid: nobody, gid: nobody },
    prepare: (folder) => chownAll(folder, nobody),
  };
}
