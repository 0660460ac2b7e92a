import { randomUUID } from "node:crypto";
import type { BuildLogEntry } from "@berth/api";
import { ProviderError } from "@berth/provider";
import { FakeEngine, fakeKey } from "@berth/provider/fake";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "../domain/actor.ts";
import { BerthError } from "../domain/berth-error.ts";
import { createTestDatabase, type TestDatabase } from "../testing/test-database.ts";
import { type HarnessOptions, WorkspaceHarness } from "../testing/workspace-harness.ts";
import { insertPeopleAndImage, testDigest } from "../testing/workspace-rows.ts";

let database: TestDatabase;
let actor: Actor;
let imageId: string;
const open: WorkspaceHarness[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  ({ actor, imageId } = await insertPeopleAndImage(database));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((harness) => harness.close()));
  await database.db.deleteFrom("workspaces").execute();
});
afterAll(() => database.drop());

async function start(options: Partial<HarnessOptions> = {}): Promise<WorkspaceHarness> {
  const harness = await WorkspaceHarness.start({ database, ...options });
  open.push(harness);
  return harness;
}

const name = () => `w${randomUUID().slice(0, 8)}`;
const statusIs = (status: string) => (workspace: { status: string }) => workspace.status === status;

async function running(harness: WorkspaceHarness) {
  const created = await harness.create(actor, imageId, name());
  return await harness.until(actor, created.id, statusIs("running"));
}

async function logOf(harness: WorkspaceHarness, workspaceId: string, buildId: string): Promise<BuildLogEntry[]> {
  const request = harness.request(actor, { params: { workspaceId, buildId }, query: { follow: true, after: 0 } });
  const entries: BuildLogEntry[] = [];
  for await (const entry of harness.handlers.streamBuildLog(request)) entries.push(entry);
  return entries;
}

describe("a workspace", () => {
  test("is created at once, runs when its agent is connected, and tells its steps in order", async () => {
    const harness = await start();
    const created = await harness.create(actor, imageId, "dev");
    expect(created).toMatchObject({ status: "pending", desired: "running", digest: null });
    const log = await logOf(harness, created.id, created.latestBuild?.id ?? "");
    const begun = log.flatMap((entry) =>
      entry.type === "step" && entry.step.status === "running" ? entry.step.id : [],
    );
    expect(begun).toEqual(["resolve", "image", "inspect", "home", "agent", "container", "start", "connect"]);
    expect(log.at(-1)).toMatchObject({ type: "build", build: { status: "succeeded", digest: testDigest } });
    expect(log.map((entry) => entry.seq)).toEqual(log.map((_, at) => at + 1));
    const workspace = await harness.get(actor, created.id);
    expect(workspace).toMatchObject({ status: "running", digest: testDigest, agent: { connected: true } });
    expect(workspace.latestBuild?.steps.every((step) => step.status === "succeeded")).toBe(true);
  });

  test("keeps its digest through stop, start and restart, and resolves the tag anew for a rebuild", async () => {
    const harness = await start();
    const { id } = await running(harness);
    const moved = `sha256:${"b".repeat(64)}`;
    harness.tags.set("1", moved);
    await harness.act(actor, "stop", id);
    await harness.until(actor, id, statusIs("stopped"));
    expect(harness.engine.containers.size).toBe(0);
    expect(harness.engine.homes.size).toBe(1);
    await harness.act(actor, "start", id);
    expect(await harness.until(actor, id, statusIs("running"))).toMatchObject({ digest: testDigest });
    await harness.act(actor, "restart", id);
    await harness.until(actor, id, (seen) => seen.status === "running" && seen.latestBuild?.kind === "restart");
    await harness.act(actor, "rebuild", id);
    const rebuilt = await harness.until(actor, id, (seen) => seen.status === "running" && seen.digest === moved);
    expect(rebuilt.latestBuild).toMatchObject({ kind: "rebuild", number: 5, status: "succeeded" });
  });

  test("starts without the registry, and says beside it when the tag has moved on", async () => {
    const harness = await start({ engine: new FakeEngine({ start: 200 }) });
    const { id } = await running(harness);
    const restart = async () => {
      const { latestBuild } = await harness.act(actor, "restart", id);
      return await logOf(harness, id, latestBuild?.id ?? "");
    };
    harness.tags.set("1", `sha256:${"c".repeat(64)}`);
    const told = (log: BuildLogEntry[]) => log.flatMap((entry) => (entry.type === "log" ? [entry.message] : []));
    expect(told(await restart())).toEqual([expect.stringMatching(/points at sha256:c+ now; rebuild/)]);
    harness.tags.set("1", new Error("the registry is away"));
    const log = await restart();
    expect(told(log)).toEqual([]);
    expect(log.at(-1)).toMatchObject({ type: "build", build: { status: "succeeded", digest: testDigest } });
  });

  test("is gone with everything of its own once it is deleted", async () => {
    const harness = await start();
    const { id } = await running(harness);
    const deleting = await harness.act(actor, "delete", id);
    const log = await logOf(harness, id, deleting.latestBuild?.id ?? "");
    expect(log.at(-1)).toMatchObject({ type: "build", build: { kind: "delete", status: "succeeded" } });
    await expect(harness.get(actor, id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect([harness.engine.containers.size, harness.engine.homes.size]).toEqual([0, 0]);
  });

  test("has a name of its own: of two people in one hurry, one gets it", async () => {
    const harness = await start();
    const results = await Promise.allSettled([1, 2, 3].map(() => harness.create(actor, imageId, "same")));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
    expect(refusals).toEqual(["NAME_TAKEN", "NAME_TAKEN"]);
    const { count } = await database.db
      .selectFrom("builds")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    expect(count).toBe(1);
  });
});

describe("changing one's mind", () => {
  test("a cancel frees what was made and leaves it stopped", async () => {
    const harness = await start({ engine: new FakeEngine({ start: 5_000 }) });
    const { id } = await harness.create(actor, imageId, name());
    await harness.until(actor, id, (seen) => seen.latestBuild?.steps.at(-1)?.id === "start");
    await harness.act(actor, "cancel", id);
    const seen = await harness.until(actor, id, statusIs("stopped"));
    expect(seen).toMatchObject({ desired: "stopped", failure: null, latestBuild: { status: "canceled" } });
    expect(seen.latestBuild?.steps.at(-1)).toMatchObject({ id: "start", status: "canceled" });
    expect(harness.engine.containers.size).toBe(0);
  });

  test("a stop replaces a start that is under way, and a start replaces that stop", async () => {
    const harness = await start({ engine: new FakeEngine({ container: 300, stop: 100 }) });
    const { id } = await harness.create(actor, imageId, name());
    await harness.until(actor, id, statusIs("starting"));
    await harness.act(actor, "stop", id);
    await harness.act(actor, "start", id);
    const seen = await harness.until(actor, id, statusIs("running"));
    expect(seen.latestBuild).toMatchObject({ kind: "start", status: "succeeded", number: 3 });
    const { items } = await harness.handlers.listBuilds(
      harness.request(actor, { params: { workspaceId: id }, query: { limit: 10, cursor: undefined } }),
    );
    expect(items.map((build) => build.status)).toEqual(["succeeded", "canceled", "canceled"]);
  });
});

describe("when things go wrong", () => {
  test("a registry's refusal is the build's failure, and nothing is left on the engine", async () => {
    const harness = await start();
    harness.tags.set("1", new BerthError("IMAGE_TAG_NOT_FOUND", "The registry has no tag 1."));
    const { id } = await harness.create(actor, imageId, name());
    const seen = await harness.until(actor, id, statusIs("failed"));
    expect(seen.failure).toMatchObject({ code: "IMAGE_TAG_NOT_FOUND", detail: "The registry has no tag 1." });
    expect(seen.latestBuild?.steps.at(-1)).toMatchObject({ id: "resolve", status: "failed" });
    expect([harness.engine.containers.size, harness.engine.homes.size]).toEqual([0, 0]);
  });

  test("what nobody foresaw is INTERNAL, without its words", async () => {
    const harness = await start();
    harness.tags.set("1", new Error("secret=hunter2 at /srv/app.ts:1"));
    const { id } = await harness.create(actor, imageId, name());
    const seen = await harness.until(actor, id, statusIs("failed"));
    expect(seen.failure?.code).toBe("INTERNAL");
    expect(JSON.stringify(seen)).not.toContain("hunter2");
  });

  test("an agent that never connects fails the build, shows the last lines and frees the container", async () => {
    const harness = await start({ isWithoutAgents: true, timing: { connectTimeoutMs: 300 } });
    const { id, latestBuild } = await harness.create(actor, imageId, name());
    const seen = await harness.until(actor, id, statusIs("failed"));
    expect(seen.failure).toMatchObject({ code: "AGENT_NOT_CONNECTED" });
    expect(harness.engine.containers.size).toBe(0);
    const log = await logOf(harness, id, latestBuild?.id ?? "");
    expect(log.some((entry) => entry.type === "log" && entry.message.includes("agent dials"))).toBe(true);
  });

  test("a container that ends while it starts says why", async () => {
    const harness = await start({ isWithoutAgents: true });
    const { id } = await harness.create(actor, imageId, name());
    await expect.poll(() => harness.engine.containers.size).toBe(1);
    const [key = ""] = harness.engine.containers.keys();
    harness.engine.endByItself(key, 137, true);
    expect((await harness.until(actor, id, statusIs("failed"))).failure).toMatchObject({ code: "OUT_OF_MEMORY" });
  });

  test("a container that is lost while it runs comes back by itself", async () => {
    const harness = await start();
    const { id } = await running(harness);
    const [key = ""] = harness.engine.containers.keys();
    harness.engine.endByItself(key, 1);
    const back = await harness.until(
      actor,
      id,
      (seen) => seen.status === "running" && seen.latestBuild?.kind === "start" && seen.agent.connected,
    );
    expect(back.latestBuild).toMatchObject({ initiator: null, status: "succeeded" });
  });

  test("an engine that is away refuses a create without a trace, and is waited for by what should run", async () => {
    const harness = await start({ timing: { engineMemoryMs: 0 } });
    const { id } = await running(harness);
    const [key = ""] = harness.engine.containers.keys();
    harness.engine.setReachable(false);
    await expect(harness.create(actor, imageId, "other")).rejects.toMatchObject({ code: "ENGINE_UNREACHABLE" });
    harness.engine.endByItself(key, 137);
    await new Promise((resolve) => setTimeout(resolve, 500));
    harness.engine.setReachable(true);
    await harness.until(actor, id, (seen) => seen.status === "running" && seen.agent.connected);
    const rows = await database.db.selectFrom("workspaces").select("name").execute();
    expect(rows).toHaveLength(1);
  });

  test("a failure that passes is tried again by itself; others are left to people", async () => {
    const harness = await start();
    const failure = (code: "REGISTRY_UNREACHABLE" | "IMAGE_NOT_FOUND") =>
      new ProviderError(code, "It failed.", { fix: "Wait.", retryable: true });
    harness.engine.failNext("image", failure("REGISTRY_UNREACHABLE"));
    const first = await harness.create(actor, imageId, name());
    await harness.until(actor, first.id, statusIs("failed"));
    const row = () =>
      database.db.selectFrom("workspaces").selectAll().where("id", "=", first.id).executeTakeFirstOrThrow();
    expect((await row()).retry_at).not.toBeNull();
    await database.db.updateTable("workspaces").set({ retry_at: new Date() }).where("id", "=", first.id).execute();
    await harness.until(actor, first.id, statusIs("running"));
    harness.engine.failNext("image", failure("IMAGE_NOT_FOUND"));
    await harness.act(actor, "rebuild", first.id);
    await harness.until(actor, first.id, statusIs("failed"));
    expect((await row()).retry_at).toBeNull();
  });

  test("what a gone workspace left is swept; another installation's things are not", async () => {
    const engine = new FakeEngine();
    engine.homes.set(fakeKey("fake-installation", randomUUID()), new Map());
    engine.homes.set(fakeKey("another", randomUUID()), new Map());
    const harness = await start({ engine, timing: { orphanSweepMs: 50 } });
    await expect.poll(() => [...harness.engine.homes.keys()].length).toBe(1);
    expect([...harness.engine.homes.keys()][0]).toContain("another");
  });
});

describe("several processes", () => {
  test("a build that a process left in the middle is finished by the next one", async () => {
    const engine = new FakeEngine({ home: 60_000 });
    const first = await start({ engine });
    const { id } = await first.create(actor, imageId, name());
    await first.until(actor, id, (seen) => seen.latestBuild?.steps.at(-1)?.id === "home");
    await Promise.all(open.splice(0).map((harness) => harness.close()));
    engine.latencyMs.home = 0;
    const second = await start({ engine });
    const seen = await second.until(actor, id, statusIs("running"));
    expect(seen.latestBuild).toMatchObject({ number: 1, kind: "create", status: "succeeded" });
    const titles = seen.latestBuild?.steps.map((step) => `${step.id} ${step.status}`) ?? [];
    expect(titles).toContain("home canceled");
    expect(titles.at(-1)).toBe("connect succeeded");
    expect(second.resolveCalls).toBe(0);
  });

  test("share the work without doing any of it twice", async () => {
    const engine = new FakeEngine({ image: 20, container: 20 });
    const [first, second] = [await start({ engine }), await start({ engine })];
    const created = await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? first : second).create(actor, imageId, `many-${at}`)),
    );
    for (const { id } of created) {
      const seen = await first.until(actor, id, (workspace) => workspace.latestBuild?.status === "succeeded");
      const begun = seen.latestBuild?.steps.filter((step) => step.id === "container");
      expect(begun).toHaveLength(1);
    }
    expect(first.resolveCalls + second.resolveCalls).toBe(20);
  });
});
