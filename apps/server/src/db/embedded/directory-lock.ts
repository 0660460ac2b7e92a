import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { StartupError } from "../../domain/startup-error.ts";

/**
 * Claims a folder for this process: two servers must not both take each other's database for an orphan. The claim is a
 * name in Linux's abstract socket space, which the kernel frees however the process ends. Throws StartupError.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const name = createHash("sha256").update(directory).digest("hex");
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ path: `\0berth-${name}` }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new StartupError(
      `Another Berth runs on ${directory}: stop it, or set BERTH_DATA_DIR and BERTH_PORT to others.`,
      { cause },
    );
  }
  server.unref();
  return { release: () => new Promise((done) => void server.close(() => done())) };
}
