import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestSandbox, type TestSandbox, tarLayer } from "../testing/index.ts";
import { runCommand } from "../testing/run-command.ts";

/** Docker's and skopeo's own clients, as Debian ships them, with a configuration of their own. */
let sandbox: TestSandbox;
let config: string;
const made = new Set<string>();
beforeAll(async () => {
  sandbox = await startTestSandbox();
  config = await mkdtemp(path.join(tmpdir(), "docker-config-"));
});
afterAll(async () => {
  for (const name of made) await docker("rmi", "--force", name);
  await sandbox.close();
  await rm(config, { recursive: true, force: true });
});

function docker(...args: string[]) {
  return runCommand("/usr/bin/docker", ["--config", config, ...args]);
}

async function login(options: Parameters<TestSandbox["registryAuthorization"]>[0] = {}) {
  const encoded = (await sandbox.registryAuthorization(options)).slice("Basic ".length);
  const input = Buffer.from(encoded, "base64").toString().slice("AWS:".length);
  const args = ["--config", config, "login", "--username", "AWS", "--password-stdin", sandbox.host];
  return runCommand("/usr/bin/docker", args, { input });
}

function skopeo(...args: string[]) {
  return runCommand("/usr/bin/skopeo", ["--insecure-policy", ...args], {
    env: { REGISTRY_AUTH_FILE: path.join(config, "config.json") },
  });
}

/** Imports an image of one file that nobody else has. */
async function makeImage(name: string): Promise<string> {
  const reference = `${sandbox.host}/${name}`;
  const { tar } = tarLayer({ hello: randomBytes(3000).toString("hex") });
  const imported = await runCommand("/usr/bin/docker", ["import", "-", reference], { input: tar });
  expect(imported.stderr).toBe("");
  made.add(reference);
  return reference;
}

test("docker logs in, pushes and pulls; the layer comes by redirect without the credential", async () => {
  expect((await login()).stdout).toContain("Login Succeeded");
  const reference = await makeImage("team/base:1");
  expect((await docker("push", reference)).stderr).toContain(
    "name unknown: The repository with name 'team/base' does not exist",
  );
  sandbox.createRepository({ name: "team/base" });
  const pushed = await docker("push", reference);
  const digest = /1: digest: (sha256:[0-9a-f]{64})/.exec(pushed.stdout)?.[1];
  expect(digest).toBeDefined();
  await docker("rmi", reference);
  sandbox.clearLog();
  const byDigest = `${sandbox.host}/team/base@${digest}`;
  made.add(byDigest);
  const pulled = await docker("pull", byDigest);
  expect(pulled.stderr).toBe("");
  expect(pulled.stdout).toContain(`Digest: ${digest}`);
  const downloads = sandbox.log().filter(({ service }) => service === "s3");
  expect(downloads.length).toBeGreaterThan(0);
  expect(downloads.every(({ status, host }) => status < 300 && host.startsWith("localhost:"))).toBe(true);
});

test("skopeo copies, inspects and lists", async () => {
  await login();
  await sandbox.pushImages(
    "team/many",
    Array.from({ length: 230 }, (_, i) => `v${i}`),
  );
  sandbox.createRepository({ name: "team/copy" });
  const base = `docker://${sandbox.host}`;
  const tls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
  const copied = await skopeo("copy", ...tls, `${base}/team/many:v3`, `${base}/team/copy:3`);
  expect(copied.stderr).toBe("");
  const inspected = await skopeo("inspect", "--tls-verify=false", `${base}/team/copy:3`);
  expect(JSON.parse(inspected.stdout)).toMatchObject({ RepoTags: ["3"], Labels: { tag: "v3" }, Os: "linux" });
  const listed = await skopeo("list-tags", "--tls-verify=false", `${base}/team/many`);
  expect((JSON.parse(listed.stdout) as { Tags: string[] }).Tags).toHaveLength(230);
});

test("a token of another region does not log in", async () => {
  expect((await login({ region: "eu-west-1" })).stderr).toContain("failed with status: 400 Bad Request");
});

test("an expired token is refused with ECR's words, and a fresh one works again", async () => {
  await login();
  await sandbox.pushImage("team/late", "1");
  sandbox.advance(12 * 3_600_000 + 1000);
  const reference = `${sandbox.host}/team/late:1`;
  made.add(reference);
  expect((await docker("pull", reference)).stderr).toContain(
    "Your authorization token has expired. Reauthenticate and try again.",
  );
  await login();
  expect((await docker("pull", reference)).code).toBe(0);
});

test("a read-only key pulls and may not push", async () => {
  await login({ key: sandbox.developer });
  sandbox.createRepository({ name: "team/closed" });
  const reference = await makeImage("team/closed:1");
  const pushed = await docker("push", reference);
  expect(pushed.stderr).toContain(
    "denied: User: arn:aws:iam::000000000000:user/developer is not authorized to perform: ecr:InitiateLayerUpload",
  );
});

test("without a login docker is told that it has no credential", async () => {
  await docker("logout", sandbox.host);
  expect((await docker("pull", `${sandbox.host}/team/late:1`)).stderr).toContain("no basic auth credentials");
});
