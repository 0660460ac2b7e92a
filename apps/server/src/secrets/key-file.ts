import { randomBytes } from "node:crypto";
import { chmod, link, open, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { StartupError } from "../domain/startup-error.ts";

/** Where the key is when no setting gives it. */
export function keyFilePath(dataDirectory: string): string {
  return path.join(dataDirectory, "secret.key");
}

/** The key file's text, `undefined` when there is none. A file that others may read is closed to them. */
export async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    const text = await readFile(file, "utf8");
    if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, 0o600);
    return text;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StartupError(`The secret key in ${file} cannot be read: make it readable for this user.`, { cause });
  }
}

/** Makes a key, 0600, on disk before it is used; of two processes that make one at once, both get the first's. */
export async function makeKeyFile(file: string): Promise<string> {
  const aside = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    const handle = await open(aside, "wx", 0o600);
    try {
      await handle.writeFile(`${randomBytes(32).toString("base64")}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(aside, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } catch (cause) {
    throw new StartupError(
      `The secret key cannot be written to ${file}: make its folder writable, or set BERTH_SECRET_KEY.`,
      {
        cause,
      },
    );
  } finally {
    await rm(aside, { force: true });
  }
  return await readFile(file, "utf8");
}
