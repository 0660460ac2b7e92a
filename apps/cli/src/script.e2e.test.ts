import { startTestSandbox, type TestSandbox } from "@berth/aws-sandbox/testing";
import { FakeProvider } from "@berth/provider/fake";
import { createTestServer, type TestServer } from "@berth/server/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLocalAgent } from "./testing/local-agent.ts";
import { type Home, makeHome } from "./testing/run-berth.ts";

let sandbox: TestSandbox;
let server: TestServer;
let home: Home;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  await sandbox.pushImage("team/base", "1");
  server = await createTestServer({
    provider: new FakeProvider({ onStart: startLocalAgent }),
    awsEndpoints: new Map([[sandbox.account, { api: new URL(sandbox.url), registry: sandbox.host }]]),
  });
  home = await makeHome();
});
afterAll(async () => {
  await home.remove();
  await server.close();
  await sandbox.close();
});

const ok = async (line: string[], input?: string) => {
  const result = await home.berth(line, input === undefined ? {} : { input });
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return result;
};
const json = async (line: string[]) => JSON.parse((await ok([...line, "--output", "json"])).stdout);

test("from signing in to a command in a workspace, on the real server and the sandbox AWS", async () => {
  const host = sandbox.registryHost();
  const { accessKeyId, secretAccessKey } = sandbox.operator;
  await ok(["login", server.url, "--email", "ada@example.com"], "correct horse battery\n");
  const add = ["registries", "add", "prod", "--kind", "ecr", "--registry", host, "--access-key-id", accessKeyId];
  await ok(add, `${secretAccessKey}\n`);
  expect((await ok(["registries", "check", "prod"])).stdout).toContain("✓");
  expect((await json(["registries", "repos", "prod"])).items).toMatchObject([{ name: "team/base" }]);
  expect((await json(["registries", "tags", "prod", "team/base"])).items).toMatchObject([{ tag: "1" }]);
  const sizes = ["--cpu", "2", "--memory", "4", "--disk", "10"];
  await ok(["images", "import", `${host}/team/base:1`, "--registry", "prod", ...sizes]);

  const created = await ok(["create", "dev", "--image", "team/base:1", "--wait"]);
  expect(created.stdout).toBe("dev is running. Work in it: berth exec dev\n");
  expect(created.stderr).toContain("✓");
  expect(await ok(["exec", "dev", "--", "sh", "-c", "echo $((6*7))"])).toMatchObject({ stdout: "42\n", stderr: "" });
  expect((await home.berth(["exec", "dev", "--", "sh", "-c", "exit 7"])).code).toBe(7);

  const missing = await Promise.all([1, 2, 3].map(() => home.berth(["exec", "dev", "--", "no-such-program"])));
  expect(missing.map(({ code }) => code)).toEqual([127, 127, 127]);

  await ok(["ws", "stop", "dev"]);
  await ok(["ws", "start", "dev", "--wait"]);
  expect(await json(["ws", "show", "dev"])).toMatchObject({ name: "dev", status: "running" });
  await ok(["ws", "stop", "dev", "--wait"]);
  const refused = await home.berth(["exec", "dev", "--", "true"]);
  expect(refused).toMatchObject({ code: 255, stderr: expect.stringContaining("berth ws start dev --wait") });
  expect((await json(["ws", "builds", "dev"])).items.map(({ kind }: { kind: string }) => kind)).toContain("create");
  await ok(["ws", "logs", "dev"]);
  await ok(["ws", "rm", "dev", "--yes", "--wait"]);
  expect((await json(["ws", "ls"])).items).toEqual([]);
});

test("what stands in the way has its own exit code, and a secret is never shown", async () => {
  const { accessKeyId, secretAccessKey } = sandbox.operator;
  const add = ["registries", "add", "again", "--registry", sandbox.registryHost(), "--access-key-id", accessKeyId];
  const wrong = await home.berth([...add, "--check"], { input: `${"x".repeat(40)}\n` });
  expect(wrong.code).toBe(6);
  expect(wrong.stdout + wrong.stderr).toContain("✗");
  expect(await home.berth([...add.with(2, "prod")], { input: secretAccessKey })).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("NAME_TAKEN"),
  });
  expect(await home.berth(["registries", "rm", "prod", "--yes"])).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("REGISTRY_IN_USE"),
  });
  const shown = JSON.stringify(await json(["registries", "show", "prod"]));
  expect(shown).not.toContain(secretAccessKey);
  expect(shown).not.toContain(accessKeyId);
});

test("users, tokens, organizations and the audit log", async () => {
  expect((await ok(["users", "add", "kim.lee@example.com"])).stdout).toMatch(/as kim-lee\.\nTemporary password/);
  await ok(["users", "edit", "kim-lee", "--role", "auditor"]);
  expect((await json(["users", "ls", "--all"])).items).toContainEqual(
    expect.objectContaining({ username: "kim-lee", siteRole: "auditor" }),
  );
  const token = await ok(["tokens", "create", "ci", "--scope", "workspaces:read", "--expires", "1"]);
  expect(token.stderr).toContain("workspaces:read");
  const env = { BERTH_URL: server.url, BERTH_TOKEN: token.stdout.trim() };
  expect((await home.berth(["ws", "ls"], { env })).code).toBe(0);
  expect((await home.berth(["images", "ls"], { env })).code).toBe(3);
  await ok(["tokens", "rm", "ci"]);
  expect((await home.berth(["ws", "ls"], { env })).code).toBe(3);
  expect((await ok(["orgs", "ls"])).stdout).toContain("NAME");
  expect((await ok(["audit", "ls", "--limit", "5"])).stdout).toContain("token");
  const elsewhere = await makeHome();
  const again = ["login", server.url, "--email", "ada@example.com"];
  expect((await elsewhere.berth(again, { input: "correct horse battery" })).code).toBe(0);
  await elsewhere.remove();
  const names = (await json(["tokens", "ls"])).items.map(({ name }: { name: string }) => name);
  expect(names.filter((name: string) => name.startsWith("cli@"))).toHaveLength(2);
  await ok(["logout"]);
  expect((await home.berth(["whoami"])).code).toBe(3);
});
