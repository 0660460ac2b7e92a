import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestSandbox, type TestSandbox } from "../testing/index.ts";
import { rawRequest } from "../testing/raw-request.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  await sandbox.pushImage("team/base", "1");
});
beforeEach(() => {
  sandbox.faults.clear();
  sandbox.throttling.configure(false);
});
afterAll(() => sandbox.close());

async function control(method: string, path: string, body?: object, token = sandbox.controlToken, host?: string) {
  const answer = await rawRequest(sandbox.port, {
    method,
    path: `/__sandbox${path}`,
    headers: { authorization: `Bearer ${token}` },
    ...(host === undefined ? {} : { host }),
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, body: JSON.parse(answer.body.toString()) as Record<string, unknown> };
}

const describeRepositories = () => sandbox.callEcr("DescribeRepositories");

describe("the control API", () => {
  test("asks for its token and answers loopback names only", async () => {
    expect((await control("GET", "/clock", undefined, "guess")).status).toBe(401);
    expect((await control("GET", "/clock", undefined, undefined, "rebound.example")).status).toBe(403);
    expect((await control("GET", "/clock")).status).toBe(200);
  });

  test("moves the clock, which the Date header and expiry follow", async () => {
    expect((await control("POST", "/clock/advance", { ms: 86_400_000 })).body.offsetMs).toBe(86_400_000);
    const answer = await rawRequest(sandbox.port, { path: "/v2/" });
    expect(Date.parse(answer.headers.date!) - Date.now()).toBeGreaterThan(86_000_000);
    expect((await control("DELETE", "/clock")).body.offsetMs).toBe(0);
    expect((await control("POST", "/clock/advance", { ms: "1" })).status).toBe(400);
  });

  test("seeds users with keys and repositories with policies", async () => {
    const { status, body } = await control("POST", "/seed", {
      repositories: [{ name: "seeded/one" }],
      users: [{ name: "seeded", policies: ["AmazonEC2ContainerRegistryReadOnly"] }],
    });
    expect(status).toBe(201);
    const [key] = body.users as [typeof sandbox.developer];
    const answer = await sandbox.callEcr("DescribeRepositories", { repositoryNames: ["seeded/one"] }, { key });
    expect(answer.status).toBe(200);
    expect((await control("POST", "/seed", { repositories: [{ name: "../x" }] })).status).toBe(400);
  });

  test("tells the log with decisions, and how much there is", async () => {
    await control("DELETE", "/log");
    await describeRepositories();
    expect((await control("GET", "/log")).body).toMatchObject({
      total: 1,
      entries: [{ operation: "DescribeRepositories" }],
    });
    expect((await control("GET", "/stats")).body).toMatchObject({ images: 1, tags: 1 });
  });
});

describe("faults", () => {
  test("strike the nth matching request only, and the log names them", async () => {
    const match = { service: "ecr", operation: "DescribeRepositories", nth: 2 };
    const body = '{"__type":"ServerException","message":"down"}';
    const { body: added } = await control("POST", "/faults", { match, effect: { status: 500, body } });
    expect((await describeRepositories()).status).toBe(200);
    expect(await describeRepositories()).toMatchObject({ status: 500, body: { __type: "ServerException" } });
    expect((await describeRepositories()).status).toBe(200);
    expect(sandbox.log().filter((entry) => entry.fault === added.id)).toHaveLength(1);
    expect((await control("DELETE", `/faults/${added.id}`)).status).toBe(200);
  });

  test("can delay, cut the connection, and stop after a number of times", async () => {
    sandbox.faults.add({ match: { operation: "DescribeRepositories" }, effect: { latencyMs: 80 }, times: 1 });
    const startedAt = performance.now();
    await describeRepositories();
    expect(performance.now() - startedAt).toBeGreaterThan(75);
    sandbox.faults.add({ match: { operation: "DescribeRepositories" }, effect: { reset: true }, times: 1 });
    await expect(describeRepositories()).rejects.toThrow();
    expect((await describeRepositories()).status).toBe(200);
  });

  test("can truncate a layer and deliver another one's bytes", async () => {
    const authorization = await sandbox.registryAuthorization();
    const manifest = await fetch(`${sandbox.url}/v2/team/base/manifests/1`, { headers: { authorization } });
    const { layers } = (await manifest.json()) as { layers: { digest: string; size: number }[] };
    const located = await fetch(`${sandbox.url}/v2/team/base/blobs/${layers[0]!.digest}`, {
      headers: { authorization },
      redirect: "manual",
    });
    const url = located.headers.get("location")!;
    const good = Buffer.from(await (await fetch(url)).arrayBuffer());
    sandbox.faults.add({ match: { service: "s3" }, effect: { wrongDigest: true }, times: 1 });
    const bad = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(bad).toHaveLength(good.length);
    expect(bad.equals(good)).toBe(false);
    sandbox.faults.add({ match: { service: "s3", host: "localhost" }, effect: { truncateAfterBytes: 10 }, times: 1 });
    await expect(fetch(url).then((answer) => answer.arrayBuffer())).rejects.toThrow();
  });
});

describe("throttling", () => {
  test("takes a second's worth of calls an account and action, and refills with the clock", async () => {
    await control("PUT", "/throttling", { enabled: true, quotas: { DescribeRepositories: 3 } });
    const codes = async (count: number) => {
      const seen: unknown[] = [];
      for (let i = 0; i < count; i++) seen.push((await describeRepositories()).body.__type);
      return seen;
    };
    sandbox.advance(60_000);
    expect((await codes(10)).filter((code) => code === "ThrottlingException").length).toBeGreaterThan(3);
    sandbox.advance(60_000);
    expect((await describeRepositories()).status).toBe(200);
    expect((await sandbox.callEcr("ListImages", { repositoryName: "team/base" })).status).toBe(200);
  });

  test("looks like 429 TOOMANYREQUESTS to registry clients", async () => {
    const authorization = await sandbox.registryAuthorization();
    sandbox.throttling.configure(true, { BatchGetImage: 0.5 });
    const answer = await fetch(`${sandbox.url}/v2/team/base/manifests/1`, { headers: { authorization } });
    expect(answer.status).toBe(429);
    expect(await answer.json()).toEqual({ errors: [{ code: "TOOMANYREQUESTS", message: "Rate exceeded" }] });
  });
});

test("reset forgets everything but the default users and their keys", async () => {
  const own = await startTestSandbox();
  await own.pushImage("team/base", "1");
  const key = own.createUser({ name: "guest", policies: ["AdministratorAccess"] });
  await own.reset();
  expect((await own.callEcr("DescribeRepositories", {}, { key })).body.__type).toBe("UnrecognizedClientException");
  expect((await own.callEcr("DescribeRepositories", {}, { key: own.developer })).body.repositories).toEqual([]);
  await own.pushImage("team/base", "1");
  expect(own.stats()).toMatchObject({ repositories: 1, images: 1, users: 2 });
  await own.close();
});
