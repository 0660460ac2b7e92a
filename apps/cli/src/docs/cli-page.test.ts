import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { commands } from "../commands/index.ts";
import { cliPage } from "./cli-page.ts";

test("docs/cli.md is what the commands say; write it anew with `node tools/write-cli-docs.ts`", async () => {
  const written = await readFile(new URL("../../../../docs/cli.md", import.meta.url), "utf8");
  expect(written).toBe(await cliPage(commands));
});
