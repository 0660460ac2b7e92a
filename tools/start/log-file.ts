import { type FileHandle, open, rename, stat } from "node:fs/promises";

const mostBytes = 16 * 1024 * 1024;

/** Opens a log to add to, for its owner only; one that has grown large is set aside as `.1` first. */
export async function openLogFile(file: string): Promise<FileHandle> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > mostBytes) await rename(file, `${file}.1`);
  return open(file, "a", 0o600);
}
