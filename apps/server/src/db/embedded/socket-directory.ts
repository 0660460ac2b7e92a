import { createHash } from "node:crypto";
import { chmod, lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { StartupError } from "../../domain/startup-error.ts";

/** `sun_path` holds 108 bytes with the final zero. */
const maxSocketPathBytes = 107;
export const port = 5432;

export function isShortEnough(directory: string): boolean {
  return Buffer.byteLength(path.join(directory, `.s.PGSQL.${port}`)) < maxSocketPathBytes;
}

/**
 * Makes the folder of the socket, 0700: beside the data, or, when that path is too long for a socket, a short one
 * named after the data, which must be nobody else's.
 */
export async function makeSocketDirectory(preferred: string): Promise<string> {
  if (isShortEnough(preferred)) {
    await mkdir(preferred, { recursive: true, mode: 0o700 });
    return preferred;
  }
  const name = createHash("sha256").update(preferred).digest("hex").slice(0, 16);
  const directory = path.join(tmpdir(), `berth-${name}`);
  await mkdir(directory, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw new StartupError(`${directory} belongs to somebody else: remove it, or choose a shorter BERTH_DATA_DIR.`);
  await chmod(directory, 0o700);
  return directory;
}
