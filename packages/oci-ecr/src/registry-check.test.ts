import { startTestSandbox, type TestSandbox } from "@berth/aws-sandbox/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AwsCredentials } from "./aws-credentials.ts";
import { createEcrRegistries } from "./create-ecr-registries.ts";
import type { CheckRequest, EcrRegistries } from "./ecr-registries.ts";
import type { CheckStep } from "./registry-check.ts";

const account = "000000000000";

let sandbox: TestSandbox;
let registries: EcrRegistries;
let developer: AwsCredentials;

const keys = (key: { accessKeyId: string; secretAccessKey: string }): AwsCredentials => ({
  kind: "static-keys",
  accessKeyId: key.accessKeyId,
  secretAccessKey: key.secretAccessKey,
});

beforeAll(async () => {
  sandbox = await startTestSandbox();
  developer = keys(sandbox.developer);
  const platforms = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));
  await sandbox.pushImage("team/base", "1", { platforms });
});
beforeEach(() => {
  const url = new URL(sandbox.url);
  registries = createEcrRegistries({ endpointOverrides: new Map([[account, { api: url, registry: url }]]) });
});
afterEach(() => {
  sandbox.faults.clear();
  return registries.close();
});
afterAll(() => sandbox.close());

const check = (request: Partial<CheckRequest> = {}) =>
  registries.check({ registry: sandbox.registryHost(), credentials: developer, ...request });

/** `id:status`, what a person sees at a glance. */
const glance = (steps: CheckStep[]) => steps.map(({ id, status }) => `${id}:${status}`);
const stepOf = (steps: CheckStep[], id: string) => steps.find((step) => step.id === id);

describe("check", () => {
  test("tries everything with a key that may read, tells each step as it ends, and changes nothing", async () => {
    const told: CheckStep[] = [];
    sandbox.clearLog();
    const report = await check({ onStep: (step) => told.push(step) });
    expect(glance(report.steps)).toEqual([
      "name:ok",
      "dns:skipped",
      "tls:skipped",
      "registry:ok",
      "identity:ok",
      "token:ok",
      "repositories:ok",
      "images:ok",
      "manifest:ok",
      "layer:ok",
      "pull:ok",
    ]);
    expect(told).toEqual(report.steps);
    expect(report).toMatchObject({
      ok: true,
      canBrowse: true,
      canPull: true,
      summary: "Repositories can be listed and images pulled.",
      callerAccountId: account,
      callerArn: expect.stringContaining(":user/developer"),
    });
    expect(report.steps.every(({ durationMs, title }) => durationMs >= 0 && title !== "")).toBe(true);
    const writes = sandbox
      .log()
      .filter(({ operation, method }) => /Put|Create|Delete|Upload/.test(operation) || method === "PUT");
    expect(writes).toEqual([]);
  });

  test("says why DNS and TLS were not checked", async () => {
    const { steps } = await check();
    expect(stepOf(steps, "dns")?.detail).toContain(`mapped the account to ${sandbox.url}`);
    expect(stepOf(steps, "tls")?.detail).toContain("Plain HTTP");
  });

  test("a pull-only key: browsing is not allowed, typed names work", async () => {
    const key = sandbox.createUser({ name: "pull-only", policies: ["AmazonEC2ContainerRegistryPullOnly"] });
    const report = await check({ credentials: keys(key), sampleRepository: "team/base:1" });
    expect(report).toMatchObject({ ok: true, canBrowse: false, canPull: true });
    expect(report.summary).toBe("Images can be pulled, but this key may not list them: type image names in full.");
    expect(stepOf(report.steps, "repositories")).toMatchObject({
      status: "warning",
      code: "ECR_DENIED_IDENTITY",
      detail: expect.stringContaining("typed in full work"),
      fix: { command: expect.stringContaining("ecr:DescribeRepositories") },
    });
    expect(stepOf(report.steps, "images")).toMatchObject({ status: "warning", code: "ECR_DENIED_IDENTITY" });
    expect(glance(report.steps).slice(-3)).toEqual(["manifest:ok", "layer:ok", "pull:ok"]);
  });

  test("the same key with no repository named: pulling could not be tried, and it says so", async () => {
    const key = sandbox.createUser({ name: "pull-only-2", policies: ["AmazonEC2ContainerRegistryPullOnly"] });
    const report = await check({ credentials: keys(key) });
    expect(report).toMatchObject({ ok: true, canBrowse: false });
    expect(report).not.toHaveProperty("canPull");
    expect(report.summary).toContain("Name a repository");
    expect(glance(report.steps)).toContain("pull:ok");
  });

  test("an empty repository: leave to pull is inferred from how AWS refuses", async () => {
    sandbox.createRepository({ name: "team/empty" });
    const report = await check({ sampleRepository: "team/empty" });
    expect(report).toMatchObject({ ok: true, canPull: true });
    expect(stepOf(report.steps, "images")).toMatchObject({ status: "warning", detail: "No images in team/empty." });
    expect(stepOf(report.steps, "manifest")?.detail).toContain("inferred");
    expect(stepOf(report.steps, "layer")?.detail).toContain("inferred");
  });

  test("a key that may list but not pull fails where pulling does, with the statement to add", async () => {
    const Statement = {
      Effect: "Allow",
      Action: ["ecr:GetAuthorizationToken", "ecr:Describe*", "ecr:ListImages"],
      Resource: "*",
    };
    const key = sandbox.createUser({ name: "lister", inline: { p: { Version: "2012-10-17", Statement } } });
    const report = await check({ credentials: keys(key) });
    expect(report).toMatchObject({ ok: false, canBrowse: true, canPull: false });
    expect(stepOf(report.steps, "manifest")).toMatchObject({
      status: "failed",
      code: "ECR_DENIED_IDENTITY",
      fix: { command: expect.stringContaining("ecr:GetDownloadUrlForLayer") },
    });
    expect(stepOf(report.steps, "layer")?.status).toBe("skipped");
    expect(report.summary).toContain("Read a manifest");
  });

  test.each<[string, (good: AwsCredentials) => AwsCredentials, string]>([
    ["an unknown key", (good) => ({ ...good, accessKeyId: "AKIAQQQQQQQQQQQQQQQQ" }), "AWS_KEY_UNKNOWN"],
    ["a wrong secret", (good) => ({ ...good, secretAccessKey: "a".repeat(40) }), "AWS_SECRET_WRONG"],
    ["an emoji in the key", (good) => ({ ...good, accessKeyId: `${good.accessKeyId}🚀` }), "AWS_KEY_FORMAT"],
  ])("%s ends the check at the identity", async (_what, spoil, code) => {
    const report = await check({ credentials: spoil(developer) });
    expect(report.steps.at(-1)).toMatchObject({ id: "identity", status: "failed", code, fix: expect.anything() });
    expect(report).toMatchObject({ ok: false, canBrowse: false });
    expect(report).not.toHaveProperty("canPull");
  });

  test("a user without any permission: the token fails, and what else is wrong is told too", async () => {
    const report = await check({
      credentials: keys(sandbox.createUser({ name: "nobody" })),
      sampleRepository: "team/base",
    });
    expect(stepOf(report.steps, "token")).toMatchObject({ status: "failed", code: "ECR_NO_TOKEN_PERM" });
    expect(stepOf(report.steps, "manifest")).toMatchObject({ status: "failed", code: "ECR_DENIED_IDENTITY" });
    expect(stepOf(report.steps, "pull")?.status).toBe("skipped");
    expect(report).toMatchObject({ ok: false, canPull: false });
  });

  test("a key of another account is told apart", async () => {
    const key = sandbox.createUser({
      name: "guest",
      account: "111111111111",
      policies: ["AmazonEC2ContainerRegistryReadOnly"],
    });
    const report = await check({ credentials: keys(key), sampleRepository: "team/base:1" });
    expect(stepOf(report.steps, "identity")).toMatchObject({
      status: "warning",
      code: "ECR_WRONG_ACCOUNT",
      detail: expect.stringContaining(`account 111111111111, the registry of account ${account}`),
    });
    expect(report).toMatchObject({ ok: false, canBrowse: false, callerAccountId: "111111111111" });
    expect(stepOf(report.steps, "manifest")?.code).toMatch(/ECR_DENIED_RESOURCE|ECR_WRONG_ACCOUNT/);
  });

  test.each([
    ["team/none", "images", "ECR_REPO_NOT_FOUND"],
    ["team/base:none", "manifest", "ECR_IMAGE_NOT_FOUND"],
    ["team/../etc", "images", "REFERENCE_MALFORMED"],
  ])("the typed name %s fails at %s", async (sampleRepository, id, code) => {
    const report = await check({ sampleRepository });
    expect(stepOf(report.steps, id)).toMatchObject({ status: "failed", code });
    expect(report.ok).toBe(false);
  });

  test("layers that a firewall keeps away are told from manifests", async () => {
    sandbox.faults.add({ match: { service: "s3" }, effect: { reset: true } });
    const report = await check();
    expect(stepOf(report.steps, "manifest")?.status).toBe("ok");
    expect(stepOf(report.steps, "layer")).toMatchObject({ status: "failed", code: "S3_BLOCKED" });
  });

  test("STS out of reach is no reason to stop", async () => {
    sandbox.faults.add({ match: { service: "sts" }, effect: { reset: true } });
    const report = await check();
    expect(stepOf(report.steps, "identity")).toMatchObject({ status: "warning", code: "NET_REFUSED" });
    expect(report).toMatchObject({ ok: true, canPull: true });
  });

  test("a clock that is off warns, although the requests were put right", async () => {
    const off = createEcrRegistries({
      endpointOverrides: new Map([[account, { api: new URL(sandbox.url), registry: new URL(sandbox.url) }]]),
      clock: { now: () => Date.now() - 432_000 },
    });
    const report = await off.check({ registry: sandbox.registryHost(), credentials: developer });
    expect(stepOf(report.steps, "identity")).toMatchObject({
      status: "warning",
      code: "AWS_CLOCK_SKEW",
      detail: expect.stringMatching(/7 min \d+ s behind/),
    });
    expect(report.ok).toBe(true);
    await off.close();
  });

  test("an odd-looking key warns at the first step, without showing it", async () => {
    const report = await check({ credentials: { ...developer, secretAccessKey: "hunter2-hunter2" } });
    expect(stepOf(report.steps, "name")).toMatchObject({ status: "warning", code: "AWS_KEY_FORMAT" });
    expect(JSON.stringify(report)).not.toContain("hunter2");
  });

  test("a name that is no ECR registry ends the check at once", async () => {
    const report = await check({ registry: `${sandbox.registryHost()}.evil.example` });
    expect(glance(report.steps)).toEqual(["name:failed"]);
    expect(report.steps[0]).toMatchObject({ code: "REGISTRY_HOST_INVALID" });
  });

  test("names that do not resolve fail at DNS, and the rest says the same", async () => {
    const resolve = async () => Promise.reject(new Error("no network in this test"));
    const real = createEcrRegistries({ resolve });
    const report = await real.check({
      registry: "123456789012.dkr.ecr.us-east-1.amazonaws.com",
      credentials: developer,
    });
    expect(stepOf(report.steps, "dns")).toMatchObject({ status: "failed", code: "DNS" });
    expect(stepOf(report.steps, "tls")).toMatchObject({ status: "failed", code: "DNS" });
    expect(stepOf(report.steps, "token")).toMatchObject({ status: "failed", code: "DNS" });
    expect(report.ok).toBe(false);
    await real.close();
  });

  test("stops when the caller does", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const steps: CheckStep[] = [];
    const onStep = (step: CheckStep) => {
      steps.push(step);
      if (step.id === "identity") controller.abort(reason);
    };
    await expect(check({ signal: controller.signal, onStep })).rejects.toBe(reason);
    expect(steps.at(-1)?.id).toBe("identity");
  });
});
