import { connect } from "node:net";
import { Problem } from "@berth/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestServer, type TestServer } from "../testing/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server?.close());

const json = (body: string) => ({
  method: "POST",
  headers: { "content-type": "application/json", authorization: `Bearer ${server.admin.token}` },
  body,
});

/** The problem of an answer; fails when it is none, or tells what it must not. */
async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(text).not.toMatch(/node_modules|\bat \w+ \(|Zod|Fastify|FST_|postgres/i);
  const problem = Problem.parse(JSON.parse(text));
  expect(problem.status).toBe(response.status);
  expect(problem.requestId).toBe(response.headers.get("x-request-id"));
  expect(problem.fix?.text).toBeTruthy();
  return problem;
}

describe("what is refused is a problem", () => {
  test("an unknown path", async () => {
    expect(await problemOf(await server.fetch("/api/v1/nothing"))).toMatchObject({
      code: "ROUTE_NOT_FOUND",
      status: 404,
    });
  });

  test("a wrong method, with the ones that exist", async () => {
    const response = await server.fetch("/api/v1/login", { method: "DELETE" });
    expect(response.headers.get("allow")).toBe("POST");
    expect(await problemOf(response)).toMatchObject({ code: "METHOD_NOT_ALLOWED", status: 405 });
  });

  test("a path with a broken escape", async () => {
    expect(await problemOf(await server.fetch("/api/v1/users/%zz"))).toMatchObject({ status: 400 });
  });

  test("malformed JSON", async () => {
    const response = await server.fetch("/api/v1/organizations", json('{"name":'));
    expect(await problemOf(response)).toMatchObject({ code: "BODY_NOT_JSON", status: 400 });
  });

  test("another media type", async () => {
    const init = { ...json("a=b"), headers: { ...json("").headers, "content-type": "text/plain" } };
    const response = await server.fetch("/api/v1/organizations", init);
    expect(await problemOf(response)).toMatchObject({ code: "MEDIA_TYPE_UNSUPPORTED", status: 415 });
  });

  test("a body of 5 MB", async () => {
    const response = await server.fetch("/api/v1/organizations", json(JSON.stringify({ name: "x".repeat(5_000_000) })));
    expect(await problemOf(response)).toMatchObject({ code: "BODY_TOO_LARGE", status: 413 });
  });

  test("no body where one is needed", async () => {
    const response = await server.fetch("/api/v1/organizations", {
      method: "POST",
      headers: { authorization: json("").headers.authorization },
    });
    expect(await problemOf(response)).toMatchObject({ code: "REQUEST_INVALID", errors: [{ path: "body" }] });
  });

  test("everything that is wrong with a request, each with its place", async () => {
    const body = JSON.stringify({ email: "nobody", username: "A b", password: "short" });
    const { code, errors } = await problemOf(await server.fetch("/api/v1/users", json(body)));
    expect(code).toBe("REQUEST_INVALID");
    expect(errors?.map(({ path }) => path)).toEqual(["body.email", "body.username", "body.password"]);
  });

  test.each([
    ["parent folders", "../../etc/passwd"],
    ["an emoji", "rocket-🚀"],
    ["10 000 characters", "a".repeat(10_000)],
    ["a NUL", "a\0b"],
    ["a right-to-left override", "a\u202Eb"],
    ["nothing", ""],
    ["only spaces", "   "],
  ])("a name of %s, and no row is made", async (_what, name) => {
    const response = await server.fetch("/api/v1/organizations", json(JSON.stringify({ name })));
    const { code, errors } = await problemOf(response);
    expect(code).toBe("REQUEST_INVALID");
    expect(new Set(errors?.map(({ path }) => path))).toEqual(new Set(["body.name"]));
    expect((await server.admin.client.listOrganizations({})).items).toHaveLength(1);
  });

  test.each(["..%2f..%2fetc", "%F0%9F%9A%80", "a".repeat(900), "%00"])("the id %s", async (id) => {
    const response = await server.fetch(`/api/v1/organizations/${id}/members`, {
      headers: { authorization: `Bearer ${server.admin.token}` },
    });
    expect(await problemOf(response)).toMatchObject({ code: "REQUEST_INVALID", status: 400 });
  });

  test("a NUL in a password, which no schema forbids", async () => {
    const body = JSON.stringify({ email: "a\0b@example.com", password: "\0" });
    expect(await problemOf(await server.fetch("/api/v1/login", json(body)))).toMatchObject({ status: 400 });
  });

  test("a cursor that is none", async () => {
    const problem = server.admin.client.listUsers({ query: { cursor: "no-cursor" } });
    await expect(problem).rejects.toMatchObject({ problem: { code: "REQUEST_INVALID" } });
  });

  test("headers beyond any size, before any route is known", async () => {
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(100_000)}\r\n\r\n`);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(Problem.parse(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).code).toBe("REQUEST_INVALID");
  });

  test("a WebSocket that nobody serves, as a plain answer", async () => {
    const headers = { connection: "upgrade", upgrade: "websocket" };
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.write(`GET /nowhere HTTP/1.1\r\nHost: x\r\n${lines.join("\r\n")}\r\n\r\n`);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(Problem.parse(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).code).toBe("ROUTE_NOT_FOUND");
  });
});

describe("every answer", () => {
  test("carries the security headers and a request id", async () => {
    const { headers } = await server.fetch("/healthz");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("can be found in the log by its request id, with its route and without its body", async () => {
    const response = await server.fetch("/api/v1/login", json(JSON.stringify({ email: "x", password: "c4n4ry-pw" })));
    const id = response.headers.get("x-request-id") ?? "";
    await expect.poll(() => server.logs.find((line) => line.includes(id))).toContain('"route":"login"');
    expect(server.logs.join("")).not.toContain("c4n4ry-pw");
  });
});

test("the API describes itself as OpenAPI 3.1", async () => {
  const document = await (await server.fetch("/api/v1/openapi.json")).json();
  expect(document).toMatchObject({ openapi: "3.1.0", paths: { "/api/v1/login": { post: { operationId: "login" } } } });
});

test("health and readiness need nobody; metrics need a token that may read them", async () => {
  expect((await server.fetch("/healthz")).status).toBe(200);
  expect((await server.fetch("/readyz")).status).toBe(200);
  expect(await problemOf(await server.fetch("/metrics"))).toMatchObject({ code: "SIGN_IN_REQUIRED" });
  const { token } = await server.admin.client.createToken({ body: { name: "scraper", scopes: ["metrics:read"] } });
  const scraped = await server.fetch("/metrics", { headers: { authorization: `Bearer ${token}` } });
  expect(await scraped.text()).toMatch(/berth_http_request_duration_seconds_count\{route="login",method="POST"/);
  const member = await server.addUser();
  const refused = await server.fetch("/metrics", { headers: { authorization: `Bearer ${member.token}` } });
  expect(await problemOf(refused)).toMatchObject({ code: "FORBIDDEN" });
});
