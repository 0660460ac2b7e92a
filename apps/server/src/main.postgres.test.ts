import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "@berth/api";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findPostmaster } from "./db/embedded/orphan.ts";
import { runServer } from "./main.ts";
import { createTestDatabase, type TestDatabase } from "./testing/test-database.ts";

let directory: string;
let database: TestDatabase;
let databaseUrl: string;
let stops: (() => Promise<unknown>)[];

beforeEach(async () => {
  stops = [];
  directory = await mkdtemp(path.join(tmpdir(), "berth-main-"));
  database = await createTestDatabase({ migrated: false });
  databaseUrl = urlOf(database);
  const agent = path.join(directory, "agent", process.arch === "arm64" ? "arm64" : "x64");
  await mkdir(agent, { recursive: true });
  await writeFile(path.join(agent, "current.json"), '{"version":"0a","entrypoint":["/x"],"mountPath":"/.berth"}');
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

function urlOf({ address }: TestDatabase): string {
  if ("url" in address) return address.url;
  return `postgres://berth@localhost/${address.database}?host=${encodeURIComponent(address.socketDirectory)}`;
}

type Run = { lines: string[]; errors: string[]; exit: Promise<number>; stop(): Promise<number> };

function run(env: Record<string, string> = {}): Run {
  const [lines, errors]: string[][] = [[], []];
  const controller = new AbortController();
  const exit = runServer({
    env: {
      BERTH_DATA_DIR: path.join(directory, "data"),
      BERTH_DATABASE_URL: databaseUrl,
      BERTH_PORT: "0",
      BERTH_AGENT_RUNTIME: path.join(directory, "agent"),
      DOCKER_HOST: `unix://${directory}/no-engine.sock`,
      ...env,
    },
    homeDirectory: directory,
    stdout: { write: (text) => lines!.push(text) },
    stderr: { write: (text) => errors!.push(text) },
    stop: controller.signal,
  });
  const stop = () => {
    controller.abort();
    return exit;
  };
  stops.push(stop);
  return { lines: lines!, errors: errors!, exit, stop };
}

type Ready = { event: string; url: string; setupUrl: string | null };

/** The line for whoever started it; fails with what was printed when it does not start. */
async function ready({ lines, errors, exit }: Run): Promise<Ready> {
  const find = () => lines.map((line) => JSON.parse(line)).find(({ event }) => event === "ready");
  const ended = exit.then((code) => {
    throw new Error(`It ended with ${code}: ${errors.join("")}${lines.join("")}`);
  });
  return await Promise.race([ended, expect.poll(find, { timeout: 30_000 }).toBeTruthy().then(find)]);
}

/** The exit code and the one sentence of a server that does not start. */
async function refusal(env: Record<string, string>): Promise<{ code: number; sentence: string }> {
  const { exit, errors } = run(env);
  return { code: await exit, sentence: errors.join("") };
}

describe("runServer", () => {
  test("says when it is ready, works without an engine, and stops with 0", async () => {
    const running = run();
    const { url, setupUrl } = await ready(running);
    expect(setupUrl).toMatch(/^http:\/\/localhost:\d+\/setup#token=[\w-]{43}$/);
    expect((await fetch(new URL("/readyz", url))).status).toBe(200);
    expect(running.lines.join("")).toContain("no container engine answers");
    expect(await running.stop()).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("prints a new set-up token at each start, and only the last one works", async () => {
    const first = run();
    const { setupUrl: before } = await ready(first);
    await first.stop();
    const { url, setupUrl: after } = await ready(run());
    const attempt = (setupUrl: string | null) => {
      const token = new URL(setupUrl ?? "").hash.replace("#token=", "");
      const admin = { email: "a@example.com", username: "a", password: "long enough" };
      return createClient({ baseUrl: url }).completeSetup({ body: { token, ...admin } });
    };
    await expect(attempt(before)).rejects.toMatchObject({ problem: { code: "SETUP_TOKEN_WRONG" } });
    expect(await attempt(after)).toMatchObject({ username: "a" });
  });

  test("makes the first administrator unattended, once, and keeps the password out of its log", async () => {
    const admin = { BERTH_ADMIN_EMAIL: "Ops.Team@example.com", BERTH_ADMIN_PASSWORD: "c4n4ry-password" };
    const runs = [run(admin), run(admin)];
    const [{ url, setupUrl }] = (await Promise.all(runs.map(ready))) as [Ready, Ready];
    expect(setupUrl).toBeNull();
    const body = { email: "ops.team@example.com", password: "c4n4ry-password" };
    expect((await createClient({ baseUrl: url }).login({ body })).user).toMatchObject({
      username: "ops-team",
      siteRole: "admin",
    });
    for (const { lines, errors } of runs) expect([...lines, ...errors].join("")).not.toContain("c4n4ry");
  });

  test("keeps its key for its owner only, and starts again with it", async () => {
    const first = run();
    await ready(first);
    await first.stop();
    expect((await stat(path.join(directory, "data", "secret.key"))).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(directory, "data"))).mode & 0o777).toBe(0o700);
    await ready(run());
  });
});

describe("as a process", () => {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));

  /** Starts it on its own embedded database; resolves with what it is once it is ready. */
  async function launch(): Promise<{ child: ChildProcess; url: string; exit: Promise<unknown[]> }> {
    const env = {
      PATH: process.env.PATH,
      BERTH_DATA_DIR: path.join(directory, "data"),
      BERTH_PORT: "0",
      BERTH_AGENT_RUNTIME: path.join(directory, "agent"),
      DOCKER_HOST: `unix://${directory}/no-engine.sock`,
    };
    const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
    const exit = once(child, "exit");
    stops.push(async () => {
      child.kill("SIGKILL");
      await exit;
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const { event, url } = JSON.parse(line);
      if (event === "ready") return { child, url, exit };
    }
    throw new Error("It ended before it was ready.");
  }

  test("killed at any time it starts again on its data, and ends with 0 when told", async () => {
    const first = await launch();
    first.child.kill("SIGKILL");
    await first.exit;
    const started = performance.now();
    const second = await launch();
    // The goal is 2 s on a quiet machine; what this guards against is waiting for a time-out.
    expect(performance.now() - started).toBeLessThan(10_000);
    expect((await fetch(new URL("/readyz", second.url))).status).toBe(200);
    second.child.kill("SIGTERM");
    expect(await second.exit).toEqual([0, null]);
    expect(await findPostmaster(path.join(directory, "data/postgres/data"))).toBeUndefined();
  });
});

describe("one sentence and exit code 1 for", () => {
  test("a port in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const { code, sentence } = await refusal({ BERTH_PORT: String(port) });
      expect(code).toBe(1);
      expect(sentence).toBe(
        `Port ${port} of 127.0.0.1 is in use: stop what listens there, or set BERTH_PORT to another.\n`,
      );
    } finally {
      other.close();
    }
  });

  test("another key than the database's, and a lost one", async () => {
    const first = run();
    await ready(first);
    await first.stop();
    const other = await refusal({ BERTH_SECRET_KEY: randomBytes(32).toString("base64") });
    expect(other).toEqual({ code: 1, sentence: expect.stringMatching(/^The secret key is not the one .*\n$/) });
    const keyFile = path.join(directory, "data", "secret.key");
    const key = await readFile(keyFile);
    await rm(keyFile);
    expect((await refusal({})).sentence).toMatch(/^The secret key of this database is missing: put it back as .*\n$/);
    await writeFile(keyFile, key);
    await ready(run());
  });

  test("a data folder that cannot be written", async () => {
    await writeFile(path.join(directory, "file"), "");
    const { code, sentence } = await refusal({ BERTH_DATA_DIR: path.join(directory, "file", "data") });
    expect([code, sentence]).toEqual([1, expect.stringMatching(/^The data folder .* cannot be written: .*\n$/)]);
  });

  test("a database that does not answer, without its password", async () => {
    const { code, sentence } = await refusal({ BERTH_DATABASE_URL: "postgres://berth:c4n4ry@127.0.0.1:9/berth" });
    expect([code, sentence]).toEqual([1, "The database does not answer: start it, or correct BERTH_DATABASE_URL.\n"]);
  });

  test("a database of that name that does not exist", async () => {
    const { sentence } = await refusal({ BERTH_DATABASE_URL: databaseUrl.replace(/test_\w+/, "absent") });
    expect(sentence).toMatch(/^The database refuses the login/);
  });

  test("a database that a newer Berth has been at", async () => {
    const first = run();
    await ready(first);
    await first.stop();
    await sql`INSERT INTO schema_migrations (version, name) VALUES (9999, 'of-tomorrow')`.execute(database.db);
    expect((await refusal({})).sentence).toMatch(/^The database is at schema 9999, .* newer one\.\n$/);
  });

  test("settings that are wrong", async () => {
    const { code, sentence } = await refusal({ BERTH_PORT: "x", BERTH_URL: "x" });
    expect([code, sentence]).toEqual([
      1,
      expect.stringMatching(/^The settings are wrong\. BERTH_PORT .* BERTH_URL .*\n$/),
    ]);
  });

  test("an address that this machine does not have", async () => {
    expect((await refusal({ BERTH_LISTEN: "192.0.2.1" })).sentence).toMatch(
      /^192\.0\.2\.1 is no address of this machine/,
    );
  });
});
