import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

/**
 * Makes an empty folder of this test's own, and removes it when the test ends. Its path is short enough for sockets.
 * Outside of a test (in a `beforeAll`) say who removes it instead.
 */
export async function temporaryDirectory(
  onEnd: (remove: () => Promise<void>) => void = onTestFinished,
): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "berth-"));
  onEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
