import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { requires } from "@berth/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Installation } from "./lib/installation.ts";

const berth = fileURLToPath(new URL("../apps/cli/bin/berth", import.meta.url));
let installation: Installation;
let home: string;

async function type(args: string[], input: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(berth, args, { env: { PATH: process.env.PATH ?? "", HOME: home } });
  const status = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), status]);
  return { code, stdout, stderr };
}

requires("docker")("the first start of all", () => {
  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "berth-home-"));
    installation = await Installation.start({ env: { BERTH_ADMIN_EMAIL: "", BERTH_ADMIN_PASSWORD: "" } });
  });
  afterAll(async () => {
    await installation?.close();
    await rm(home, { recursive: true, force: true });
  });

  test("the set-up URL makes the first administrator, once, and a browser is told how", async () => {
    const setupUrl = /"setupUrl":"([^"]+)"/.exec(installation.log())?.[1] ?? "";
    const page = await fetch(setupUrl);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await page.text()).toContain(`berth login '${installation.url}/setup#token=…'`);

    const wrong = `${installation.url}/setup#token=not-the-token`;
    const refused = await type(["login", wrong, "--email", "eve@example.com"], "a long enough password\n");
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("SETUP_TOKEN_WRONG") });

    const made = await type(["login", setupUrl, "--email", "ada.l@example.com"], "a long enough password\n");
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining("ada.l@example.com") });
    expect(JSON.parse((await type(["whoami", "--output", "json"], "")).stdout)).toMatchObject({
      username: "ada-l",
      siteRole: "admin",
    });

    const again = await type(["login", setupUrl, "--email", "eve@example.com"], "a long enough password\n");
    expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining("SETUP_DONE") });
  });
});
