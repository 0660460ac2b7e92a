import { readFile, readlink } from "node:fs/promises";
import path from "node:path";

/** The postmaster that still holds a data folder, e.g. after its parent was killed. */
export async function findPostmaster(dataDirectory: string): Promise<number | undefined> {
  const pidFile = await readFile(path.join(dataDirectory, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(pidFile, 10);
  if (!(pid > 1)) return undefined;
  // The number may be another program's by now; ours works in its data folder.
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return workingDirectory === dataDirectory ? pid : undefined;
}
