import { randomBytes } from "node:crypto";
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A sandbox that cannot start, with what to do about it. */
export class SandboxError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SandboxError";
    this.code = code;
  }
}

/** Directories held by this process: its own pid in a lock file then means "in use", not "left over". */
const held = new Set<string>();
const contents = ["state.jsonl", "state.jsonl.next", "blobs", "uploads", "root.key", "control-token", "credentials"];

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function lock(directory: string): () => void {
  const file = path.join(directory, "lock");
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 });
      held.add(file);
      return () => {
        held.delete(file);
        rmSync(file, { force: true });
      };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      const owner = Number(readFileSync(file, "utf8"));
      const isInUse = owner === process.pid ? held.has(file) : Number.isInteger(owner) && owner > 0 && isRunning(owner);
      if (isInUse) break;
      rmSync(file, { force: true });
    }
  }
  throw new SandboxError(
    "SANDBOX_DATA_DIR_IN_USE",
    `Another sandbox uses ${directory}. Stop it, or choose another directory with --data-dir.`,
  );
}

/** Reads a secret file, or makes it, readable by its owner alone. */
function secretFile(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600, flag: "wx" });
  return readFileSync(file, "utf8").trim();
}

export type DataDirectory = {
  path: string;
  statePath: string;
  rootKey: Buffer;
  controlToken: string;
  writeCredentials(text: string): void;
  release(): void;
};

/** Makes or takes over a data directory. Throws `SANDBOX_DATA_DIR_IN_USE` while another sandbox holds it. */
export function openDataDirectory(directory: string): DataDirectory {
  const absolute = path.resolve(directory);
  try {
    mkdirSync(absolute, { recursive: true, mode: 0o700 });
    accessSync(absolute, constants.W_OK);
  } catch (cause) {
    const message = `The sandbox cannot write to ${absolute}. Choose another directory with --data-dir, or give it to this user.`;
    throw new SandboxError("SANDBOX_DATA_DIR_UNUSABLE", message, { cause });
  }
  const release = lock(absolute);
  const credentials = path.join(absolute, "credentials");
  return {
    path: absolute,
    statePath: path.join(absolute, "state.jsonl"),
    rootKey: Buffer.from(
      secretFile(path.join(absolute, "root.key"), () => randomBytes(32).toString("base64")),
      "base64",
    ),
    controlToken: secretFile(path.join(absolute, "control-token"), () => randomBytes(24).toString("base64url")),
    writeCredentials(text) {
      writeFileSync(credentials, text, { mode: 0o600 });
      chmodSync(credentials, 0o600);
    },
    release,
  };
}

/** Deletes everything a sandbox keeps in its directory. Throws `SANDBOX_DATA_DIR_IN_USE` while one is running there. */
export function resetSandbox(directory: string): void {
  const absolute = path.resolve(directory);
  if (!existsSync(absolute)) return;
  const release = lock(absolute);
  try {
    for (const name of contents) rmSync(path.join(absolute, name), { recursive: true, force: true });
  } finally {
    release();
  }
}
