import { execFile } from "node:child_process";
import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startContractServer } from "./testing/contract-server.ts";
import { type Home, makeHome, resultOf } from "./testing/run-berth.ts";
import { user, workspace } from "./testing/samples.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

test.each(["SIGINT", "SIGTERM"] as const)(
  "the sandbox runs in the foreground, and %s ends it cleanly",
  async (signal) => {
    const dataDir = path.join(home.directory, "aws");
    const child = home.start(["sandbox", "--port", "0", "--data-dir", dataDir]);
    const ended = resultOf(child);
    let printed = "";
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      printed += chunk;
      if (printed.includes("Secret access key: ")) break;
    }
    const endpoint = /^Endpoint: (.*)$/m.exec(printed)?.[1] ?? "";
    expect((await fetch(endpoint)).status).toBeGreaterThan(0);
    child.kill(signal);
    expect((await ended).code).toBe(0);
    await expect(fetch(endpoint)).rejects.toThrow();
    expect(await home.berth(["sandbox", "reset", "--data-dir", dataDir])).toMatchObject({ code: 0 });
  },
);

test("the server's own sentence and exit code come through", async () => {
  const result = await home.berth(["server"], { env: { BERTH_PORT: "many" } });
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("BERTH_PORT") });
});

test("the bundle does what the sources do", async () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const bundle = path.join(home.directory, "package");
  await mkdir(bundle);
  await copyFile(path.join(root, "apps/cli/package.json"), path.join(bundle, "package.json"));
  await promisify(execFile)(process.execPath, [path.join(root, "tools/build-cli.ts"), path.join(bundle, "dist")]);
  const server = await startContractServer({
    getMe: () => user,
    listWorkspaces: () => ({ items: [workspace()] }),
    exec: () => undefined,
  });
  const run = async (...args: string[]) => {
    const env = { ...home.env, BERTH_URL: server.url, BERTH_TOKEN: "t" };
    return promisify(execFile)(process.execPath, [path.join(bundle, "dist/berth.mjs"), ...args], { env });
  };
  try {
    expect((await run("--version")).stdout).toBe("0.1.0\n");
    expect((await run("ws", "--help")).stdout).toContain("rebuild");
    expect((await run("whoami")).stdout).toContain("ada@example.com");
    expect((await run("exec", "dev", "--", "echo", "hi")).stdout).toBe("hi\n");
    await expect(run("server")).rejects.toMatchObject({
      code: 6,
      stderr: expect.stringContaining("PROGRAM_NOT_INSTALLED"),
    });
  } finally {
    await server.close();
  }
});
