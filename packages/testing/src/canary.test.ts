import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { createCanary, findInDirectory, holdsCanary } from "./canary.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

describe("holdsCanary", () => {
  const canary = createCanary();

  test.each([
    ["as it is", `password=${canary};`],
    ["in hexadecimal", Buffer.from(`x${canary}y`).toString("hex")],
    ["in base64 at offset 0", Buffer.from(`${canary}tail`).toString("base64")],
    ["in base64 at offset 1", Buffer.from(`1${canary}tail`).toString("base64")],
    ["in base64 at offset 2", Buffer.from(`12${canary}`).toString("base64")],
    ["in a basic credential", Buffer.from(`user:${canary}`).toString("base64")],
    ["between bytes that are no text", Buffer.concat([Buffer.from([0, 255]), Buffer.from(canary), Buffer.from([0])])],
  ])("sees the secret %s", (_how, haystack) => {
    expect(holdsCanary(haystack, canary)).toBe(true);
  });

  test("does not see it where it is not", () => {
    expect(holdsCanary(`${createCanary()} ${canary.slice(0, -1)}`, canary)).toBe(false);
  });
});

test("findInDirectory names the files that hold the secret, however deep", async () => {
  const canary = createCanary();
  const folder = await temporaryDirectory();
  await mkdir(path.join(folder, "logs/old"), { recursive: true });
  await writeFile(path.join(folder, "logs/old/server.log"), `token ${canary}`);
  await writeFile(path.join(folder, "clean.log"), "token [redacted]");
  expect(await findInDirectory(folder, canary)).toEqual([path.join("logs", "old", "server.log")]);
});
