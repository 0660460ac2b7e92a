import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestServer, type TestServer } from "../testing/test-server.ts";

let server: TestServer;
let cookie: string;
let setCookie: string;
beforeAll(async () => {
  server = await createTestServer();
  const response = await server.fetch("/api/v1/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ADA@example.com", password: "correct horse battery" }),
  });
  setCookie = response.headers.get("set-cookie") ?? "";
  cookie = setCookie.split(";")[0] ?? "";
});
afterAll(() => server?.close());

async function create(name: string, headers: Record<string, string>): Promise<{ status: number; code?: string }> {
  const response = await server.fetch("/api/v1/organizations", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ name }),
  });
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, ...(code ? { code } : {}) };
}

const own = () => new URL(server.url).origin;

describe("a change in a cookie's name", () => {
  test("succeeds from Berth's own page", async () => {
    const headers = { cookie, origin: own(), "sec-fetch-site": "same-origin", "x-berth-csrf": "1" };
    expect(await create("own-page", headers)).toEqual({ status: 201 });
  });

  test.each([
    ["another site's form", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["another site that knows the header", { origin: "https://evil.example", "x-berth-csrf": "1" }],
    ["another port of this machine", { origin: "http://localhost:7081", "x-berth-csrf": "1" }],
    ["a sandboxed frame", { origin: "null", "x-berth-csrf": "1" }],
    ["a sibling domain, by the browser's word", { "sec-fetch-site": "same-site", "x-berth-csrf": "1" }],
    ["nobody knows where, without the header", {}],
  ])("is refused from %s", async (_where, headers) => {
    const refused = await create("refused", { cookie, ...(headers as unknown as Record<string, string>) });
    expect(refused).toEqual({ status: 403, code: "CSRF_REFUSED" });
    const { items } = await server.admin.client.listOrganizations({});
    expect(items.map(({ name }) => name)).not.toContain("refused");
  });

  test("reading needs no header", async () => {
    expect((await server.fetch("/api/v1/users/me", { headers: { cookie } })).status).toBe(200);
  });
});

test("an API token needs no protection: browsers never send it by themselves", async () => {
  const headers = { authorization: `Bearer ${server.admin.token}`, cookie };
  expect(await create("by-token", headers)).toEqual({ status: 201 });
});

test("another site cannot sign a browser in", async () => {
  const response = await server.fetch("/api/v1/login", {
    method: "POST",
    headers: { "content-type": "application/json", origin: "https://evil.example" },
    body: JSON.stringify({ email: "ada@example.com", password: "correct horse battery" }),
  });
  expect(response.status).toBe(403);
  expect(response.headers.get("set-cookie")).toBeNull();
});

test("the cookie is out of scripts' and other sites' reach", () => {
  expect(setCookie).toMatch(/^berth_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Expires=/);
});

test("signing out ends the session and clears the cookie", async () => {
  const response = await server.fetch("/api/v1/logout", {
    method: "POST",
    headers: { cookie, origin: own(), "x-berth-csrf": "1" },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get("set-cookie")).toMatch(/^berth_session=;.*Max-Age=0/);
  expect(await (await server.fetch("/api/v1/users/me", { headers: { cookie } })).json()).toMatchObject({
    code: "SESSION_EXPIRED",
  });
});
