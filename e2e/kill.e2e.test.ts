import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Workspace } from "@berth/api";
import { requires, waitFor } from "@berth/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineRelay, type HoldMoment } from "./lib/engine-relay.ts";
import { exec } from "./lib/exec.ts";
import { Installation } from "./lib/installation.ts";

const run = promisify(execFile);
let engine: EngineRelay;
let installation: Installation;
let imageId: string;
let count = 0;

/** Every call that starting a workspace on an image already there makes and that changes something. */
const moments: [string, RegExp, HoldMoment][] = [
  ["before the engine is asked for it", /^GET \/containers\/json.*berth\.workspace%3D/, "before"],
  ["before its home is looked for", /^GET \/volumes\/[^?]*-home-/, "before"],
  ["before its home and container are made", /^POST \/containers\/create/, "before"],
  ["after its home and container are made", /^POST \/containers\/create/, "after"],
  ["before its container is started", /^POST \/containers\/[^/]+\/start/, "before"],
  ["after its container is started", /^POST \/containers\/[^/]+\/start/, "after"],
];

requires("docker")("kill -9 while a workspace starts", () => {
  beforeAll(async () => {
    engine = await EngineRelay.start();
    installation = await Installation.start({
      images: { "team/base:1": "berth-test/debian:1" },
      env: { DOCKER_HOST: engine.dockerHost },
    });
    const { images } = await installation.importImages(["team/base:1"]);
    imageId = images[0]?.id ?? "";
    // The agent's volume and the pull belong to the first workspace, which has a test of its own below.
    await remove((await create()).id);
  });
  afterAll(async () => {
    await installation?.close();
    await engine?.close();
  });

  test("nothing secret is in the address of any call to the engine", () => {
    const created = engine.calls.filter((call) => call.startsWith("POST /containers/create"));
    expect(created.length).toBeGreaterThan(0);
    for (const call of created) expect(call).toMatch(/^POST \/containers\/create\?name=[\w-]+$/);
  });

  test.each(moments)("of the server, %s: it arrives, once", async (_what, call, moment) => {
    const held = engine.holdNext(call, moment);
    const { id } = await begin();
    await held;
    await installation.killServer();
    engine.release();
    await installation.startServer();
    await arrives(id);
  });

  test.each(moments)("of the database, %s: it arrives, once", async (_what, call, moment) => {
    const held = engine.holdNext(call, moment);
    const { id } = await begin();
    await held;
    process.kill(await installation.postgresPid(), "SIGKILL");
    // The call that was held is as lost as it would be with an engine that was cut off.
    engine.setDown(true);
    engine.setDown(false);
    engine.release();
    await arrives(id);
  });

  test("of the server, while the registry is asked: the tag is resolved by the next process", async () => {
    const { sandbox } = installation;
    sandbox.faults.add({
      match: { service: "ecr", operation: "BatchGetImage" },
      effect: { latencyMs: 60_000 },
      times: 1,
    });
    const { id } = await begin();
    await expect.poll(() => stepOf(id), { timeout: 10_000 }).toBe("resolve");
    await installation.killServer();
    sandbox.faults.clear();
    await installation.startServer();
    await arrives(id);
  });

  test("of the agent, again and again: it connects again, and what people do works", async () => {
    const { id } = await create();
    const target = { url: installation.url, token: await installation.adminToken, workspaceId: id };
    for (let round = 0; round < 3; round += 1) {
      const before = (await get(id)).agent.connectedAt;
      process.kill(await agentPid(id), "SIGKILL");
      await expect.poll(async () => (await get(id)).agent, { timeout: 15_000 }).toMatchObject({ connected: true });
      await expect.poll(async () => (await get(id)).agent.connectedAt, { timeout: 15_000 }).not.toBe(before);
      expect((await exec(target, ["echo", `round ${round}`])).stdout.toString()).toBe(`round ${round}\n`);
    }
    await remove(id);
  });

  test("of the server, with a command under way: workspaces run on, and the next command works at once", async () => {
    const { id } = await create();
    const container = await containerOf(id);
    const target = { url: installation.url, token: await installation.adminToken, workspaceId: id };
    const cut = exec(target, ["sleep", "60"]).catch((error: Error) => error.message);
    await waitFor("the command to run", async () =>
      (await processesOf(id)).some(({ command }) => command === "sleep 60"),
    );
    await installation.killServer();
    await installation.startServer();
    expect(await cut).toContain("without its exit code");
    expect((await exec(target, ["echo", "back"])).stdout.toString()).toBe("back\n");
    expect(await containerOf(id)).toBe(container);
    await remove(id);
  });

  test("of the container itself: it is brought back", async () => {
    const { id } = await create();
    const before = await containerOf(id);
    await run("docker", ["kill", before]);
    await expect.poll(async () => (await get(id)).latestBuild?.kind, { timeout: 20_000 }).toBe("start");
    await arrives(id);
  });

  test("of the server, while a workspace is deleted: nothing is left", async () => {
    const { id } = await create();
    const held = engine.holdNext(/^DELETE \/volumes\//, "before");
    const client = await installation.client();
    await client.deleteWorkspace({ params: { workspaceId: id } });
    await held;
    await installation.killServer();
    engine.release();
    await installation.startServer();
    await isGone(id);
  });

  test("an engine that is away: a create is refused without a trace; what runs is found again", async () => {
    const { id } = await create();
    const container = await containerOf(id);
    engine.setDown(true);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const client = await installation.client();
    const refused = await client.createWorkspace({ body: { name: "never", imageId } }).catch((error) => error.problem);
    expect(refused).toMatchObject({ status: 503, code: "ENGINE_UNREACHABLE", fix: { text: expect.any(String) } });
    engine.setDown(false);
    const { items } = await client.listWorkspaces({ query: { name: "never" } });
    expect(items).toEqual([]);
    const target = { url: installation.url, token: await installation.adminToken, workspaceId: id };
    expect((await exec(target, ["echo", "still"])).stdout.toString()).toBe("still\n");
    expect(await containerOf(id)).toBe(container);
    await remove(id);
  });
});

async function get(workspaceId: string): Promise<Workspace> {
  return await (await installation.client()).getWorkspace({ params: { workspaceId } });
}

async function stepOf(id: string): Promise<string | undefined> {
  return (await get(id)).latestBuild?.steps.at(-1)?.id;
}

async function begin(): Promise<Workspace> {
  count += 1;
  return await (await installation.client()).createWorkspace({ body: { name: `kill-${count}`, imageId } });
}

async function create(): Promise<Workspace> {
  const { id } = await begin();
  return await statusIs(id, "running");
}

async function statusIs(id: string, status: Workspace["status"]): Promise<Workspace> {
  let seen: Workspace | undefined;
  const isThere = async () => {
    seen = await get(id);
    return seen.status === status && seen;
  };
  return await waitFor(`${status}`, isThere, { timeoutMs: 60_000, intervalMs: 100 }).catch((error) => {
    throw new Error(`${error.message} It is ${JSON.stringify(seen)}`);
  });
}

async function labelled(id: string, what: "ps" | "volume"): Promise<string[]> {
  const args = what === "ps" ? ["ps", "-aq", "--no-trunc"] : ["volume", "ls", "-q"];
  const { stdout } = await run("docker", [...args, "--filter", `label=berth.workspace=${id}`]);
  return stdout.split("\n").filter(Boolean);
}

async function processesOf(id: string): Promise<{ pid: number; command: string }[]> {
  const { stdout } = await run("docker", ["top", await containerOf(id), "-eo", "pid,args"]);
  const lines = stdout.split("\n").slice(1).filter(Boolean);
  return lines.map((line) => {
    const [pid = "", ...command] = line.trim().split(/\s+/);
    return { pid: Number(pid), command: command.join(" ") };
  });
}

async function agentPid(id: string): Promise<number> {
  const agent = (await processesOf(id)).find(({ command }) => command.includes("agent.mjs"));
  expect(agent).toBeDefined();
  return agent?.pid ?? 0;
}

async function containerOf(id: string): Promise<string> {
  const containers = await labelled(id, "ps");
  expect(containers).toHaveLength(1);
  return containers[0] ?? "";
}

/** It runs, commands work in it, there is one of everything, and after its deletion there is nothing. */
async function arrives(id: string): Promise<void> {
  await statusIs(id, "running");
  const target = { url: installation.url, token: await installation.adminToken, workspaceId: id };
  expect((await exec(target, ["sh", "-c", "echo $((6*7))"])).stdout.toString()).toBe("42\n");
  expect([await labelled(id, "ps"), await labelled(id, "volume")].map((found) => found.length)).toEqual([1, 1]);
  await remove(id);
}

async function remove(id: string): Promise<void> {
  await (await installation.client()).deleteWorkspace({ params: { workspaceId: id } });
  await isGone(id);
}

async function isGone(id: string): Promise<void> {
  const isNotFound = async () =>
    await get(id).then(
      () => false,
      (error) => error.problem?.code === "NOT_FOUND",
    );
  await waitFor("the workspace to be gone", isNotFound, { timeoutMs: 60_000, intervalMs: 100 });
  expect([await labelled(id, "ps"), await labelled(id, "volume")]).toEqual([[], []]);
}
