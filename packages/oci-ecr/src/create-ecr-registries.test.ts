import { startTestSandbox, type TestSandbox } from "@berth/aws-sandbox/testing";
import { type Digest, formatPlatform, RegistryError } from "@berth/oci";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AwsCredentials } from "./aws-credentials.ts";
import type { UpstreamCall } from "./aws-http-handler.ts";
import { createEcrRegistries } from "./create-ecr-registries.ts";
import type { EcrRegistries } from "./ecr-registries.ts";
import { MemoryLeaseStore } from "./lease-store.ts";

const account = "000000000000";
const hour = 3_600_000;

let sandbox: TestSandbox;
let registries: EcrRegistries;
let registry: string;
let calls: UpstreamCall[];
let admin: AwsCredentials;
let developer: AwsCredentials;

const keys = (key: { accessKeyId: string; secretAccessKey: string }): AwsCredentials => ({
  kind: "static-keys",
  accessKeyId: key.accessKeyId,
  secretAccessKey: key.secretAccessKey,
});
const open = (extra = {}) => {
  const url = new URL(sandbox.url);
  return createEcrRegistries({
    endpointOverrides: new Map([[account, { api: url, registry: url }]]),
    onUpstreamCall: (call) => calls.push(call),
    ...extra,
  });
};
const operations = () => calls.map(({ operation }) => operation);

/** A user whose inline policy allows exactly these actions on these repositories. */
function userWith(name: string, actions: string[], resource = "*"): AwsCredentials {
  const token = { Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" };
  const Statement = [token, ...(actions.length > 0 ? [{ Effect: "Allow", Action: actions, Resource: resource }] : [])];
  return keys(sandbox.createUser({ name, inline: { p: { Version: "2012-10-17", Statement } } }));
}
const pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

beforeAll(async () => {
  sandbox = await startTestSandbox();
  registry = sandbox.registryHost();
  admin = keys(sandbox.operator);
  developer = keys(sandbox.developer);
  const twoPlatforms = [
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64", variant: "v8" },
  ];
  await sandbox.pushImage("team/base", "1", { platforms: twoPlatforms, config: { User: "dev" } });
  await sandbox.pushImage("team/base", "lone", {
    platform: { os: "linux", architecture: "arm64" },
    config: { User: "me" },
  });
  await sandbox.pushImage("team/docker", "1", { format: "docker" });
  const tags = Array.from({ length: 100 }, (_, i) => `v${i}`);
  await sandbox.pushImages("many/tags", tags, (tag) => ({ platforms: twoPlatforms, config: { Labels: { tag } } }));
});
beforeEach(() => {
  calls = [];
  registries = open();
});
afterEach(() => {
  sandbox.faults.clear();
  return registries.close();
});
afterAll(() => sandbox.close());

describe("catalog", () => {
  test("lists repositories by pages, in the order and to the end", async () => {
    const catalog = registries.catalog(registry, developer);
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await catalog.listRepositories({ limit: 2, ...(cursor && { cursor }) });
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(names.sort()).toEqual(["many/tags", "team/base", "team/docker"]);
  });

  test("searches repositories by a part of the name, also page by page", async () => {
    const catalog = registries.catalog(registry, developer);
    const first = await catalog.listRepositories({ query: "Team/", limit: 1 });
    const second = await catalog.listRepositories({ query: "Team/", limit: 1, cursor: first.nextCursor! });
    expect([...first.items, ...second.items].map(({ uri }) => uri).sort()).toEqual([
      `${registry}/team/base`,
      `${registry}/team/docker`,
    ]);
    expect(second.nextCursor).toBeUndefined();
    expect(await catalog.listRepositories({ query: "nothing" })).toEqual({ items: [] });
  });

  test.each(["x", "bm9uc2Vuc2U", "WzEsMl0"])("refuses the cursor %s", async (cursor) => {
    const page = registries.catalog(registry, developer).listRepositories({ cursor });
    await expect(page).rejects.toMatchObject({ code: "ECR_REQUEST_INVALID" });
  });

  test("100 tags of two platforms, with manifests and a token, take 5 calls", async () => {
    const catalog = registries.catalog(registry, developer);
    const tags = await catalog.listTags("many/tags");
    const images = await catalog.resolveMany(
      "many/tags",
      tags.map(({ tag }) => tag),
    );
    await registries.authorization({ registry, credentials: developer, minRemainingMs: hour });
    expect(tags).toHaveLength(100);
    expect([...images.values()].every((image) => !(image instanceof RegistryError) && image.images.length === 2)).toBe(
      true,
    );
    expect(operations().sort()).toEqual([
      "BatchGetImage",
      "BatchGetImage",
      "BatchGetImage",
      "DescribeImages",
      "GetAuthorizationToken",
    ]);
  });

  test("tags come with digest, size, time and type, the newest first", async () => {
    const tags = await registries.catalog(registry, developer).listTags("team/base");
    expect(tags.map(({ tag }) => tag).sort()).toEqual(["1", "lone"]);
    for (const tag of tags) {
      expect(tag).toMatchObject({ digest: expect.stringMatching(/^sha256:/), sizeBytes: expect.any(Number) });
    }
    const times = tags.map(({ pushedAt }) => pushedAt?.getTime() ?? 0);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  test("describes one tag or digest in one call, as lists show it", async () => {
    const catalog = registries.catalog(registry, developer);
    const listed = (await catalog.listTags("team/base")).find(({ tag }) => tag === "1");
    calls = [];
    const described = await catalog.describe("team/base", "1");
    expect(operations()).toEqual(["DescribeImages"]);
    expect(described).toMatchObject({ digest: listed?.digest, pushedAt: listed?.pushedAt, tags: ["1"] });
    expect(await catalog.describe("team/base", described.digest)).toEqual(described);
    await expect(catalog.describe("team/base", "no-such")).rejects.toMatchObject({ code: "ECR_IMAGE_NOT_FOUND" });
  });

  test("resolves an index to its platforms, by tag and by digest", async () => {
    const catalog = registries.catalog(registry, developer);
    const byTag = await catalog.resolve("team/base", "1");
    expect(byTag.images.map(({ platform }) => platform && formatPlatform(platform))).toEqual([
      "linux/amd64",
      "linux/arm64",
    ]);
    expect(byTag.sizeBytes).toBeGreaterThan(0);
    expect(await catalog.resolve("team/base", byTag.digest)).toEqual(byTag);
    const config = await catalog.config("team/base", byTag.images[1]!.configDigest);
    expect(config).toMatchObject({ user: "dev", platform: { os: "linux", architecture: "arm64" } });
  });

  test.each([
    ["team/base", "lone", "linux/arm64"],
    ["team/docker", "1", "linux/amd64"],
  ])("resolves the lone image %s:%s through its config", async (repository, tag, platform) => {
    const image = await registries.catalog(registry, developer).resolve(repository, tag);
    expect(image.images.map((each) => each.platform && formatPlatform(each.platform))).toEqual([platform]);
  });

  test("a config is downloaded once", async () => {
    const catalog = registries.catalog(registry, developer);
    const { images } = await catalog.resolve("team/base", "lone");
    const before = calls.length;
    expect((await catalog.config("team/base", images[0]!.configDigest)).user).toBe("me");
    expect(calls).toHaveLength(before);
  });

  test("refuses a config that storage altered", async () => {
    const catalog = registries.catalog(registry, developer);
    const { images } = await catalog.resolve("team/base", "1");
    sandbox.faults.add({ match: { service: "s3" }, effect: { wrongDigest: true } });
    const config = catalog.config("team/base", images[0]!.configDigest);
    await expect(config).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  test("one unknown tag among many fails alone", async () => {
    const images = await registries.catalog(registry, developer).resolveMany("team/base", ["1", "gone"]);
    expect(images.get("1")).toMatchObject({ images: [{}, {}] });
    expect(images.get("gone")).toMatchObject({ code: "ECR_IMAGE_NOT_FOUND" });
  });

  test.each([
    ["team/base", "gone", "ECR_IMAGE_NOT_FOUND", "team/base:gone does not exist"],
    ["team/gone", "1", "ECR_REPO_NOT_FOUND", "Repository team/gone does not exist"],
    ["../etc", "1", "REFERENCE_MALFORMED", "repository"],
    ["team/base", "a b", "REFERENCE_MALFORMED", "tag"],
    ["team/base", "x".repeat(10_000), "REFERENCE_MALFORMED", "tag"],
  ])("%s:%s is %s", async (repository, tag, code, words) => {
    const resolved = registries.catalog(registry, developer).resolve(repository, tag);
    await expect(resolved).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test("with leave to pull one repository, typed names work and listing says what is missing", async () => {
    const arn = `arn:aws:ecr:us-east-1:${account}:repository/team/base`;
    const catalog = registries.catalog(registry, userWith("puller", pull, arn));
    expect((await catalog.resolve("team/base", "1")).images).toHaveLength(2);
    expect((await catalog.resolve("team/base", "lone")).images[0]?.platform).toBeDefined();
    const denied = await catalog.listTags("team/base").catch((error: unknown) => error);
    expect(denied).toMatchObject({ code: "ECR_DENIED_IDENTITY", evidence: { action: "ecr:DescribeImages" } });
    expect(JSON.parse((denied as RegistryError).fix.command ?? "")).toMatchObject({ Effect: "Allow", Resource: arn });
    await expect(catalog.listRepositories()).rejects.toMatchObject({ code: "ECR_DENIED_IDENTITY" });
    await expect(catalog.resolve("team/docker", "1")).rejects.toMatchObject({ code: "ECR_DENIED_IDENTITY" });
  });

  test("BatchGetImage alone is enough to resolve; the platform of a lone image then stays unknown", async () => {
    const catalog = registries.catalog(registry, userWith("batch-only", ["ecr:BatchGetImage"]));
    expect((await catalog.resolve("team/base", "1")).images[1]?.platform).toEqual({
      os: "linux",
      architecture: "arm64",
    });
    expect((await catalog.resolve("team/base", "lone")).images[0]).not.toHaveProperty("platform");
  });

  test("an aborted signal ends a call with its reason", async () => {
    sandbox.faults.add({ match: { operation: "DescribeImages" }, effect: { latencyMs: 60_000 } });
    const controller = new AbortController();
    const tags = registries.catalog(registry, developer).listTags("team/base", { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(tags).rejects.toBe(reason);
  });
});

describe("failures", () => {
  test.each<[string, (good: AwsCredentials) => AwsCredentials, string]>([
    ["an unknown key", (good) => ({ ...good, accessKeyId: "AKIAQQQQQQQQQQQQQQQQ" }), "AWS_KEY_UNKNOWN"],
    [
      "a wrong secret",
      (good) => ({ ...good, secretAccessKey: `${good.secretAccessKey.slice(0, -1)}!` }),
      "AWS_SECRET_WRONG",
    ],
  ])("%s", async (_what, spoil, code) => {
    const catalog = registries.catalog(registry, spoil(developer));
    const error = await catalog.listRepositories().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code });
    const { message, fix, evidence } = error as RegistryError;
    expect(JSON.stringify({ message, fix, evidence })).not.toContain(developer.secretAccessKey.slice(0, 12));
    expect(evidence.awsRequestId).toEqual(expect.any(String));
  });

  test.each<[string, Partial<AwsCredentials>]>([
    ["a line break in the id", { accessKeyId: "AKIA\r\nX-Evil: 1" }],
    ["10 000 characters", { accessKeyId: "A".repeat(10_000) }],
    ["no secret", { secretAccessKey: "" }],
    ["an emoji in the session token", { sessionToken: "🚀" }],
  ])("%s is told before anything is sent", async (_what, odd) => {
    const credentials = { ...developer, ...odd };
    const list = registries.catalog(registry, credentials).listRepositories();
    await expect(list).rejects.toMatchObject({ code: "AWS_KEY_FORMAT" });
    const token = registries.authorization({ registry, credentials, minRemainingMs: 0 });
    await expect(token).rejects.toMatchObject({ code: "AWS_KEY_FORMAT" });
    expect(calls).toEqual([]);
  });

  test("a deactivated key", async () => {
    const key = sandbox.createUser({ name: "leaver", policies: ["AmazonEC2ContainerRegistryReadOnly"] });
    sandbox.setKeyStatus(key, "Inactive");
    await expect(registries.catalog(registry, keys(key)).listRepositories()).rejects.toMatchObject({
      code: "AWS_KEY_UNKNOWN",
    });
  });

  test("throttling is retried a little and then told", async () => {
    sandbox.faults.add({
      match: { operation: "DescribeRepositories" },
      effect: { status: 400, body: '{"__type":"ThrottlingException","message":"Rate exceeded"}' },
    });
    const list = registries.catalog(registry, developer).listRepositories();
    await expect(list).rejects.toMatchObject({ code: "ECR_THROTTLED", retryable: true });
    expect(operations()).toHaveLength(3);
  });

  test("a passing outage is not noticed, a lasting one is AWS_OUTAGE", async () => {
    const outage = { status: 500, body: '{"__type":"ServerException","message":""}' };
    sandbox.faults.add({ match: { operation: "DescribeRepositories" }, effect: outage, times: 1 });
    const catalog = registries.catalog(registry, developer);
    expect((await catalog.listRepositories()).items).toHaveLength(3);
    sandbox.faults.add({ match: { operation: "DescribeRepositories" }, effect: outage });
    await expect(catalog.listRepositories()).rejects.toMatchObject({ code: "AWS_OUTAGE", retryable: true });
  });

  test("a web page instead of an answer", async () => {
    sandbox.faults.add({
      match: { operation: "DescribeRepositories" },
      effect: { status: 200, body: "<html>hello</html>" },
    });
    await expect(registries.catalog(registry, developer).listRepositories()).rejects.toMatchObject({
      code: "V2_ANSWER_INVALID",
    });
  });

  test("a proxy that wants a password", async () => {
    sandbox.faults.add({ match: { operation: "DescribeRepositories" }, effect: { status: 407, body: "<html>" } });
    await expect(registries.catalog(registry, developer).listRepositories()).rejects.toMatchObject({
      code: "PROXY_AUTH",
    });
  });

  test("nobody at the endpoint", async () => {
    const url = new URL("http://127.0.0.1:1");
    const other = createEcrRegistries({ endpointOverrides: new Map([[account, { api: url, registry: url }]]) });
    await expect(other.catalog(registry, developer).listRepositories()).rejects.toMatchObject({ code: "NET_REFUSED" });
    await other.close();
  });

  test("a key is never sent to another endpoint than the account's, whatever the environment says", async () => {
    const saved = { ...process.env };
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_REGION: "eu-west-1",
      AWS_MAX_ATTEMPTS: "9",
      AWS_PROFILE: "none",
    });
    try {
      expect((await registries.catalog(registry, developer).listRepositories()).items).toHaveLength(3);
      const resolve = async () => Promise.reject(new Error("no network in this test"));
      const real = createEcrRegistries({
        resolve,
        endpointOverrides: new Map([[account, { api: new URL(sandbox.url), registry: new URL(sandbox.url) }]]),
      });
      const foreign = real.catalog("123456789012.dkr.ecr.us-east-1.amazonaws.com", developer).listRepositories();
      await expect(foreign).rejects.toMatchObject({
        code: "DNS",
        evidence: { host: "api.ecr.us-east-1.amazonaws.com" },
      });
      await real.close();
    } finally {
      process.env = saved;
    }
  });

  test("an AWS name that leads to loopback is refused", async () => {
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const rebound = createEcrRegistries({ resolve });
    const list = rebound.catalog("123456789012.dkr.ecr.us-east-1.amazonaws.com", developer).listRepositories();
    await expect(list).rejects.toMatchObject({ code: "ADDRESS_FORBIDDEN" });
    await rebound.close();
  });

  test.each([
    ["evil.example", "REGISTRY_HOST_INVALID"],
    ["123456789012.dkr.ecr-fips.eu-central-1.amazonaws.com", "ECR_FIPS_UNAVAILABLE"],
  ])("%s is %s before any call", async (name, code) => {
    expect(() => registries.catalog(name, developer)).toThrow(expect.objectContaining({ code }));
    const request = { registry: name, credentials: developer, minRemainingMs: 0 };
    await expect(registries.authorization(request)).rejects.toMatchObject({ code });
    expect(calls).toEqual([]);
  });
});

describe("authorization", () => {
  const ask = (credentials: AwsCredentials, of = registries) =>
    of.authorization({ registry, credentials, minRemainingMs: hour });

  test("gives what the registry accepts, and where to pull from", async () => {
    const { username, password, expiresAt, pullHost, pullScheme } = await ask(developer);
    expect({ username, pullHost, pullScheme }).toEqual({ username: "AWS", pullHost: sandbox.host, pullScheme: "http" });
    expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(11 * hour);
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const response = await fetch(`http://${pullHost}/v2/team/base/manifests/1`, { headers: { authorization } });
    expect(response.status).toBe(200);
  });

  test("many at once make one call", async () => {
    await Promise.all(Array.from({ length: 1000 }, () => ask({ ...developer })));
    expect(operations()).toEqual(["GetAuthorizationToken"]);
  });

  test("different keys and an edited secret get different tokens; forget drops one", async () => {
    const first = await ask(developer);
    expect((await ask(admin)).password).not.toBe(first.password);
    expect((await ask(developer)).password).toBe(first.password);
    await registries.forget(registry, developer);
    expect((await ask(developer)).password).not.toBe(first.password);
    expect(operations()).toHaveLength(3);
    await expect(ask({ ...developer, secretAccessKey: "edited" })).rejects.toMatchObject({ code: "AWS_SECRET_WRONG" });
  });

  test("replicas that share a lease store make one call together", async () => {
    const lease = new MemoryLeaseStore();
    const replicas = [open({ lease }), open({ lease }), open({ lease })];
    const answers = await Promise.all(replicas.map((replica) => ask(developer, replica)));
    expect(new Set(answers.map(({ password }) => password)).size).toBe(1);
    expect(operations()).toEqual(["GetAuthorizationToken"]);
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  test("a key without leave is told which statement to add", async () => {
    const credentials = keys(sandbox.createUser({ name: "nobody" }));
    const error = await ask(credentials).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "ECR_NO_TOKEN_PERM",
      evidence: { callerArn: `arn:aws:iam::${account}:user/nobody` },
    });
    expect(JSON.parse((error as RegistryError).fix.command ?? "")).toMatchObject({
      Action: ["ecr:GetAuthorizationToken"],
      Resource: "*",
    });
  });

  test("counts the token's life by AWS's clock when ours differs", async () => {
    const late = open({ clock: { now: () => Date.now() - 3 * hour } });
    const { expiresAt } = await ask(developer, late);
    const lifeMs = expiresAt.getTime() - (Date.now() - 3 * hour);
    expect(Math.abs(lifeMs - 12 * hour)).toBeLessThan(10_000);
    await late.close();
  });

  test("the real registry of an account that nobody mapped is pulled by its own name", async () => {
    const resolve = async () => Promise.reject(new Error("no network in this test"));
    const real = createEcrRegistries({ resolve });
    const request = {
      registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
      credentials: developer,
      minRemainingMs: 0,
    };
    await expect(real.authorization(request)).rejects.toMatchObject({ code: "DNS", retryable: true });
    await real.close();
  });
});

test("digests of the sandbox are what we compute", async () => {
  const pushed = await sandbox.pushImage("team/digests", "1");
  const image = await registries.catalog(registry, developer).resolve("team/digests", "1");
  expect(image.digest).toBe(pushed.digest as Digest);
  expect(image.images[0]?.configDigest).toBe(pushed.configs[0]);
});
