import { setTimeout as delay } from "node:timers/promises";
import { apiPrefix, routes } from "@berth/api";
import { afterEach, describe, expect, test } from "vitest";
import type { Actor } from "../domain/actor.ts";
import { BerthError } from "../domain/berth-error.ts";
import { createHttpApp } from "./app.ts";
import type { Handlers, UpgradeHandlers } from "./handler.ts";
import { type Listening, listenHttp } from "./listen.ts";

const actor: Actor = {
  userId: crypto.randomUUID(),
  username: "ada",
  siteRole: "admin",
  memberships: [],
  scopes: ["all"],
  credential: { kind: "token", id: crypto.randomUUID() },
};
const unexpected = () => Promise.reject(new Error("c4n4ry: /etc/secret not found"));

let listening: Listening | undefined;
const stopping = new AbortController();
const logged: object[] = [];
afterEach(async () => {
  await listening?.close(0);
  listening = undefined;
  logged.length = 0;
});

/** The HTTP layer with the handlers a test is about; every other one fails as nobody foresaw. */
async function serve(handlers: Partial<Handlers>): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const record = (fields: object) => logged.push(fields);
  const app = createHttpApp({
    handlers: { ...Object.fromEntries(Object.keys(routes).map((name) => [name, unexpected])), ...handlers } as Handlers,
    upgrades: { exec: unexpected } as UpgradeHandlers,
    authenticator: { byToken: async () => actor, bySession: async () => actor },
    accessUrl: new URL("https://berth.example.com"),
    log: { info: record, warn: record, error: record },
    stopping: stopping.signal,
  });
  listening = await listenHttp(app, { host: "127.0.0.1", port: 0 });
  const { port } = listening;
  return (path, init) =>
    fetch(`http://127.0.0.1:${port}${apiPrefix}${path}`, { headers: { authorization: "Bearer x" }, ...init });
}

const id = "0f8b7c52-6f0e-4a55-9a77-2f1f5dd4a111";
const logPath = `/workspaces/${id}/builds/${id}/log`;
const entry = (seq: number) => ({
  seq,
  time: "2026-03-01T12:00:00.000Z",
  type: "log" as const,
  step: "image",
  level: "info" as const,
  message: `line ${seq}`,
});

describe("an answer", () => {
  test("holds nothing that the contract does not name", async () => {
    const organization = { id, name: "ours", isDefault: true, createdAt: "2026-03-01T12:00:00.000Z" };
    const send = await serve({
      listOrganizations: async () => ({ items: [{ ...organization, passwordHash: "c4n4ry" }], secret: "c4n4ry" }),
    });
    expect(await (await send("/organizations")).json()).toEqual({ items: [organization] });
  });

  test("that breaks the contract is our failure, and is not sent", async () => {
    const send = await serve({ listOrganizations: async () => ({ items: [{ id: "c4n4ry" }] }) as never });
    const response = await send("/organizations");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("c4n4ry");
  });

  test("to what nobody foresaw tells the request's id only, and the log the rest", async () => {
    const send = await serve({});
    const response = await send("/organizations");
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: "INTERNAL", status: 500, retryable: true });
    expect(text).not.toMatch(/c4n4ry|secret|Error/);
    const requestId = response.headers.get("x-request-id");
    expect(logged).toContainEqual({
      requestId,
      err: expect.objectContaining({ message: expect.stringContaining("c4n4ry") }),
    });
  });

  test("over HTTPS demands HTTPS from then on", async () => {
    const send = await serve({});
    expect((await send("/nothing")).headers.get("strict-transport-security")).toBe("max-age=31536000");
  });
});

describe("a stream", () => {
  test("arrives line by line, while it is made", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const send = await serve({
      streamBuildLog: async function* () {
        yield entry(1);
        await released;
        yield entry(2);
      },
    });
    const response = await send(logPath);
    expect(response.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect(JSON.parse((await reader.read()).value ?? "")).toEqual(entry(1));
    release();
    expect(JSON.parse((await reader.read()).value ?? "")).toEqual(entry(2));
    expect((await reader.read()).done).toBe(true);
  });

  test("that is refused is a problem, not a stream", async () => {
    const send = await serve({
      // biome-ignore lint/correctness/useYield: it is refused before there is anything to give.
      streamBuildLog: async function* () {
        throw new BerthError("NOT_FOUND", "There is no such build.");
      },
    });
    const response = await send(logPath);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      404,
      "application/problem+json; charset=utf-8",
    ]);
  });

  test("tells its handler when the reader goes", async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const send = await serve({
      streamBuildLog: async function* ({ signal }) {
        signal.addEventListener("abort", () => resolve());
        yield entry(1);
        await gone;
      },
    });
    const reading = new AbortController();
    const response = await send(logPath, { signal: reading.signal, headers: { authorization: "Bearer x" } });
    await response.body!.getReader().read();
    reading.abort();
    await gone;
  });

  test("waits for a slow reader instead of filling the memory", async () => {
    let made = 0;
    const send = await serve({
      streamBuildLog: async function* () {
        for (;;) {
          made += 1;
          yield { ...entry(made), message: "x".repeat(10_000) };
        }
      },
    });
    const reading = new AbortController();
    const response = await send(logPath, { signal: reading.signal, headers: { authorization: "Bearer x" } });
    await response.body!.getReader().read();
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = made === before;
          before = made;
          return isStill;
        },
        { interval: 200 },
      )
      .toBe(true);
    expect(made).toBeLessThan(5_000);
    reading.abort();
  });
});

describe("stopping", () => {
  test("lets a request finish, takes no new one, and ends streams", async () => {
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const send = await serve({
      listOrganizations: async () => {
        enter();
        await delay(200);
        return { items: [] };
      },
      streamBuildLog: async function* ({ signal }) {
        yield entry(1);
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    const stream = await send(logPath);
    const reading = stream.text().then(
      () => "complete",
      () => "cut",
    );
    const request = send("/organizations");
    await entered;
    const started = performance.now();
    stopping.abort(new Error("stopping"));
    const closing = listening!.close(10_000);
    expect((await request).status).toBe(200);
    await closing;
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await reading).toBe("cut");
    await expect(send("/organizations")).rejects.toThrow();
  });
});
