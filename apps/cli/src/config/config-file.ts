import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { CliError } from "../errors/cli-error.ts";

const SavedServer = z.object({
  token: z.string().min(1),
  email: z.string(),
  tokenName: z.string(),
});
export type SavedServer = z.output<typeof SavedServer>;

const Config = z.object({
  /** URL of the server that commands talk to. */
  current: z.string().optional(),
  /** By URL. */
  servers: z.record(z.string(), SavedServer).default({}),
});
/** The servers one is signed in to. */
export type Config = z.output<typeof Config>;

/** Reads the credentials; none yet is an empty configuration. Throws CONFIG_UNREADABLE. */
export async function readConfig(file: string): Promise<Config> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { servers: {} };
    throw unreadable(file, error);
  }
  try {
    return Config.parse(JSON.parse(text));
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Replaces the credentials in one step, readable by their owner alone. Throws CONFIG_UNWRITABLE. */
export async function writeConfig(file: string, config: Config): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(config, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(temporary, 0o600);
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new CliError(
      "internal",
      {
        code: "CONFIG_UNWRITABLE",
        title: "The credentials cannot be saved",
        detail: `The credentials cannot be saved in ${file} (${(cause as NodeJS.ErrnoException).code ?? "unknown"}).`,
        fix: { text: "Make the directory writable, or use another one with XDG_CONFIG_HOME." },
      },
      { cause },
    );
  }
}

function unreadable(file: string, cause: unknown): CliError {
  return new CliError(
    "internal",
    {
      code: "CONFIG_UNREADABLE",
      title: "The saved credentials cannot be read",
      detail: `The saved credentials in ${file} cannot be read.`,
      fix: { text: "Correct or remove that file, then sign in again with `berth login`." },
    },
    { cause },
  );
}
