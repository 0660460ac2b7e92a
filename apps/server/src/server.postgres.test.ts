import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createClient } from "@berth/api";
import { FakeProvider } from "@berth/provider/fake";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseConfig } from "./config.ts";
import { findPostmaster } from "./db/embedded/orphan.ts";
import { createLogger } from "./logging/logger.ts";
import { type RunningServer, startServer } from "./server.ts";

let directory: string;
let server: RunningServer | undefined;
let logs: string[];
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "berth-whole-"));
  logs = [];
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** The whole server on its own embedded database. */
async function start(): Promise<RunningServer> {
  const env = {
    BERTH_DATA_DIR: directory,
    BERTH_PORT: "0",
    BERTH_ADMIN_EMAIL: "ada@example.com",
    BERTH_ADMIN_PASSWORD: "correct horse battery",
  };
  const noFile = () => "";
  server = await startServer({
    config: parseConfig({ env, homeDirectory: directory, buildDirectory: directory, readFile: noFile }),
    version: "0.0.0-test",
    log: createLogger({ write: (line) => logs.push(line) }),
    clock: () => new Date(),
    openProvider: async () => new FakeProvider(),
  });
  return server;
}

async function login(url: string) {
  const body = { email: "ada@example.com", password: "correct horse battery", token: { name: "test" } };
  return (await createClient({ baseUrl: url }).login({ body })).token ?? "";
}

test("everything is still there after a stop and a start", async () => {
  const first = await start();
  const token = await login(first.url);
  await createClient({ baseUrl: first.url, token }).createOrganization({ body: { name: "kept" } });
  await first.close();
  const { url } = await start();
  const { items } = await createClient({ baseUrl: url, token }).listOrganizations({});
  expect(items.map(({ name }) => name)).toEqual(["default", "kept"]);
});

test("while the database is away requests get 503 with a code, and afterwards they work again", async () => {
  const { url } = await start();
  const client = createClient({ baseUrl: url, token: await login(url) });
  const status = async (pathname: string) => (await fetch(new URL(pathname, url))).status;
  const outcome = () =>
    client.getMe({}).then(
      () => "works",
      ({ problem }) => `${problem.status} ${problem.code}`,
    );
  const seen = new Set<string>();
  const look = async () => {
    // It comes back within moments, so it is killed again until the gap was seen.
    if (!seen.has("503 DATABASE_UNAVAILABLE") || !seen.has("ready 503")) await killPostmaster(directory);
    seen.add(await outcome());
    seen.add(`ready ${await status("/readyz")}`);
    return [...seen];
  };
  const gap = expect.arrayContaining(["503 DATABASE_UNAVAILABLE", "ready 503"]);
  await expect.poll(look, { interval: 5, timeout: 30_000 }).toEqual(gap);
  expect(await status("/healthz")).toBe(200);
  await expect.poll(outcome, { timeout: 30_000 }).toBe("works");
  await expect.poll(() => status("/readyz"), { timeout: 30_000 }).toBe(200);
  expect([...seen].filter((text) => !/^(works|503 DATABASE_UNAVAILABLE|ready (200|503))$/.test(text))).toEqual([]);
});

test("a second server on the same folder is refused, and the first works on", async () => {
  const first = await start();
  await expect(start()).rejects.toThrow(/Another Berth runs on/);
  server = first;
  expect((await fetch(new URL("/readyz", first.url))).status).toBe(200);
});

async function killPostmaster(dataDirectory: string): Promise<void> {
  const pid = await findPostmaster(path.join(dataDirectory, "postgres/data"));
  if (pid !== undefined) process.kill(pid, "SIGKILL");
}
