import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { requires } from "@berth/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Installation } from "./lib/installation.ts";

const berth = fileURLToPath(new URL("../apps/cli/bin", import.meta.url));
const password = "correct horse battery";

type Ended = { code: number | null; stdout: string; stderr: string };
let installation: Installation;
let home: string;
let registry: string;
let accessKeyId: string;
let secretAccessKey: string;

/** Types one line at a shell, with `berth` on its PATH and a home of its own. */
async function type(line: string, input = ""): Promise<Ended> {
  const env = { PATH: `${berth}:${process.env.PATH}`, HOME: home, LANG: "C.UTF-8" };
  const child = spawn("sh", ["-c", line], { env, cwd: home });
  const status = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), status]);
  return { code, stdout, stderr };
}

async function succeeds(line: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await type(line, input);
  expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: expect.any(String) });
  return stdout;
}

requires("docker")("the script of the command line", () => {
  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "berth-home-"));
    installation = await Installation.start({
      images: { "team/base:1": "berth-test/debian:1", "team/busybox:1": "berth-test/busybox:1" },
    });
    registry = installation.sandbox.registryHost();
    const key = installation.sandbox.createUser({ name: "ada", policies: ["AmazonEC2ContainerRegistryReadOnly"] });
    ({ accessKeyId, secretAccessKey } = key);
  });
  afterAll(async () => {
    await installation?.close();
    await rm(home, { recursive: true, force: true });
  });

  test("connects a registry, imports an image, creates a workspace and runs a command in it", async () => {
    await succeeds(`berth login ${installation.url} --email admin@example.com`, `${password}\n`);
    expect(await succeeds("berth whoami")).toContain("admin");
    const add = `berth registries add prod --kind ecr --registry ${registry} --access-key-id ${accessKeyId}`;
    await succeeds(add, `${secretAccessKey}\n`);
    const check = await succeeds("berth registries check prod");
    expect(check).toMatch(/token/i);
    const repositories = JSON.parse(await succeeds("berth registries repos prod --output json"));
    expect(repositories.items.map((item: { name: string }) => item.name)).toEqual(["team/base", "team/busybox"]);
    const tags = JSON.parse(await succeeds("berth registries tags prod team/base --output json"));
    expect(tags.items).toMatchObject([{ tag: "1", digest: expect.stringMatching(/^sha256:/), imported: false }]);
    await succeeds(`berth images import ${registry}/team/base:1 --registry prod --cpu 2 --memory 4 --disk 10`);
    await succeeds("berth create dev --image team/base:1 --wait");
    expect(await succeeds("berth exec dev -- sh -c 'echo $((6*7))'")).toBe("42\n");
    const failing = await type("berth exec dev -- sh -c 'echo out; echo err >&2; exit 7'");
    expect(failing).toEqual({ code: 7, stdout: "out\n", stderr: "err\n" });
    await succeeds("berth ws stop dev && berth ws start dev --wait && berth ws rm dev --yes");
  });

  test("runs the busybox image without a libc all the same", async () => {
    await succeeds(`berth images import ${registry}/team/busybox:1 --registry prod --cpu 1 --memory 1 --disk 1`);
    await succeeds("berth create bb --image team/busybox:1 --wait");
    expect(await succeeds("berth exec bb -- sh -c 'echo $((6*7)); id -u'")).toBe("42\n0\n");
    expect(await succeeds("printf 'one\\ntwo\\n' | berth exec bb -- wc -l")).toMatch(/^\s*2\n$/);
    await succeeds("berth ws rm bb --yes");
  });

  test("sudo works, home survives a rebuild, sizes are enforced", async () => {
    await succeeds("berth create work --image team/base:1 --cpu 0.5 --memory 0.25 --wait");
    expect(await succeeds("berth exec work -- sudo id -u")).toBe("0\n");
    await succeeds("berth exec work -- sh -c 'echo kept > ~/file; sudo touch /etc/not-kept'");
    await succeeds("berth ws rebuild work --wait");
    expect(await succeeds("berth exec work -- sh -c 'cat ~/file; ls /etc/not-kept 2>&1 | wc -l'")).toMatch(
      /^kept\n1\n/,
    );
    const limits = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true";
    expect(await succeeds(`berth exec work -- sh -c '${limits}'`)).toContain(String(256 * 1024 ** 2));
    await succeeds("berth ws rm work --yes");
  });

  test.each([
    ["a command that does not exist", "exec dev2 -- no-such-command", 127, /no-such-command/],
    ["a workspace that does not exist", "exec nobody -- true", 255, /nobody/],
    ["a tag the registry does not have", "images import HOST/team/base:nope --registry prod", 4, /nope/],
    ["a repository it does not have", "images import HOST/team/none:1 --registry prod", 4, /team\/none/],
    ["a host that only looks like ECR", "images import evil.HOST.example.com/team/base:1 --registry prod", 2, /evil/],
    ["a name that climbs", "create ../../etc --image team/base:1", 2, /name/i],
    ["a name of emoji", "create 🚢 --image team/base:1", 2, /name/i],
    ["more memory than there is", "create big --image team/base:1 --memory 2000", 2, /GB/],
  ])("says what is wrong with %s, and what to do", async (_what, line, code, said) => {
    if (line.includes("dev2")) await succeeds("berth create dev2 --image team/base:1 --wait");
    const ended = await type(`berth ${line.replaceAll("HOST", registry)}`);
    expect(ended.stderr).toMatch(said);
    expect(ended.stderr).not.toMatch(/\bat .*\.ts:\d+|Error:|undefined/);
    expect(ended.code).toBe(code);
    if (line.includes("dev2")) await succeeds("berth ws rm dev2 --yes");
  });

  test("nothing of the secret is left in any log, answer or container", async () => {
    expect(installation.log()).not.toContain(secretAccessKey);
    expect(await succeeds("berth registries show prod --output json")).not.toContain(secretAccessKey);
    expect(await succeeds("berth audit ls --output json")).not.toContain(secretAccessKey);
  });
});
