import { readdir, readFile, readlink, rm } from "node:fs/promises";
import path from "node:path";

/** Where a process works; `undefined` when there is none, or it is nobody's business. */
const workingDirectory = (pid: number | string) => readlink(`/proc/${pid}/cwd`).catch(() => undefined);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function recordedPid(dataDirectory: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(path.join(dataDirectory, "postmaster.pid"), "utf8").catch(() => ""), 10);
  return pid > 1 ? pid : undefined;
}

/** The postmaster that still holds a data folder, e.g. after its parent was killed. */
export async function findPostmaster(dataDirectory: string): Promise<number | undefined> {
  const pid = await recordedPid(dataDirectory);
  // The number may be another program's by now; ours works in its data folder.
  return pid !== undefined && (await workingDirectory(pid)) === dataDirectory ? pid : undefined;
}

/**
 * Removes a pid file whose number another program has by now, as happens in containers, where numbers are few:
 * PostgreSQL would wait for that program for ever. The file stays as long as any process works in the data folder.
 */
export async function removeStalePid(dataDirectory: string): Promise<void> {
  const pid = await recordedPid(dataDirectory);
  if (pid === undefined || !isAlive(pid)) return;
  for (const entry of await readdir("/proc"))
    if (/^\d+$/.test(entry) && (await workingDirectory(entry)) === dataDirectory) return;
  await rm(path.join(dataDirectory, "postmaster.pid"), { force: true });
}
