import { randomUUID } from "node:crypto";
import type { Client, Registry } from "@berth/api";
import { waitFor } from "@berth/testing";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Executor } from "../../db/transaction.ts";
import type { Actor } from "../../domain/actor.ts";
import { problemOf } from "../../testing/problem-of.ts";
import { type RegistryHarness, startRegistryHarness } from "../../testing/registry-harness.ts";

let harness: RegistryHarness;
let manager: Client;
let actor: Actor;

beforeAll(async () => {
  harness = await startRegistryHarness();
  ({ client: manager, actor } = await harness.signIn("manager"));
  await harness.sandbox.pushImage("team/base", "1");
});
afterAll(() => harness.close());

function keys(policies = ["AmazonEC2ContainerRegistryReadOnly"]) {
  const { accessKeyId, secretAccessKey } = harness.sandbox.createUser({ name: `u-${randomUUID()}`, policies });
  return { accessKeyId, secretAccessKey };
}

async function connect(): Promise<Registry> {
  return await manager.createRegistry({ body: { name: `r ${randomUUID()}`, registry: harness.host, ...keys() } });
}

/** Does `before` in a transaction, asks, and commits only once the question waits for that transaction. */
async function askDuring<Answer>(before: (tx: Executor) => Promise<unknown>, ask: () => Promise<Answer>) {
  const { db } = harness.database;
  const asked = await db.transaction().execute(async (tx) => {
    await before(tx);
    const answer = ask();
    answer.catch(() => undefined);
    await waitFor("the question waits for the transaction", async () => {
      const waiting = await sql`SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db);
      return waiting.rows.length > 0;
    });
    return { answer };
  });
  return asked.answer;
}

function insertImage(tx: Executor, registryId: string) {
  const image = { id: randomUUID(), repository: "team/other", default_tag: "1", cpu: 1, memory_gb: 1, disk_gb: 1 };
  return tx
    .insertInto("images")
    .values({ ...image, organization_id: harness.organizationId, registry_id: registryId })
    .execute();
}

it("a registry is not removed from under an image that is being imported", async () => {
  const { id } = await connect();
  const removal = () => manager.deleteRegistry({ params: { registryId: id } });
  const problem = await problemOf(askDuring((tx) => insertImage(tx, id), removal));
  expect(problem).toMatchObject({ code: "REGISTRY_IN_USE", context: { images: ["team/other"] } });
});

it("a registry is not moved away from under an image that is being imported", async () => {
  const { id } = await connect();
  const registry = harness.sandbox.registryHost(undefined, "eu-west-1");
  const move = () => manager.updateRegistry({ params: { registryId: id }, body: { registry, ...keys() } });
  expect((await problemOf(askDuring((tx) => insertImage(tx, id), move))).code).toBe("REGISTRY_IN_USE");
});

it("what one host said is not stored for another that the registry gets meanwhile", async () => {
  const { id } = await connect();
  const move = async (tx: Executor) => {
    await tx.selectFrom("registries").select("id").where("id", "=", id).forUpdate().execute();
    await tx.updateTable("registries").set({ host: "elsewhere" }).where("id", "=", id).execute();
  };
  const body = { registryId: id, repository: "team/base", tag: "1" };
  const problem = await problemOf(askDuring(move, () => manager.importImage({ body })));
  expect(problem).toMatchObject({ code: "CHANGED_MEANWHILE", retryable: true });
});

it("an import into a registry that is being removed finds none", async () => {
  const { id } = await connect();
  const remove = (tx: Executor) => tx.deleteFrom("registries").where("id", "=", id).execute();
  const body = { registryId: id, repository: "team/base", tag: "1" };
  expect((await problemOf(askDuring(remove, () => manager.importImage({ body })))).code).toBe("NOT_FOUND");
});

it("an image is not removed from under a workspace that is being created", async () => {
  const image = await manager.importImage({
    body: { registryId: (await connect()).id, repository: "team/base", tag: "1" },
  });
  const create = (tx: Executor) =>
    tx
      .insertInto("workspaces")
      .values({
        id: randomUUID(),
        organization_id: harness.organizationId,
        owner_id: actor.userId,
        name: "dev",
        image_id: image.id,
        image_tag: "1",
        cpu: 1,
        memory_gb: 1,
        disk_gb: 1,
        desired: "running",
        status: "pending",
      })
      .execute();
  const removal = () => manager.deleteImage({ params: { imageId: image.id } });
  expect(await problemOf(askDuring(create, removal))).toMatchObject({
    code: "IMAGE_IN_USE",
    context: { workspaces: ["dev"] },
  });
});

it("a list that another server remembers is not shown once the keys may not list", async () => {
  const { id } = await connect();
  const other = await harness.openReplica();
  const list = () =>
    other.wired.handlers.listRepositories({
      actor,
      params: { registryId: id },
      query: { limit: 10 },
      signal: AbortSignal.timeout(10_000),
    } as never);
  expect((await list()).items.map(({ name }) => name)).toContain("team/base");
  await manager.updateRegistry({ params: { registryId: id }, body: keys([]) });
  await expect(list()).rejects.toMatchObject({ code: expect.stringMatching(/^ECR_/) });
  await other.close();
});

it("a check makes the next list a new one", async () => {
  const params = { registryId: (await connect()).id };
  const names = async () => (await manager.listRepositories({ params })).items.map(({ name }) => name);
  await names();
  harness.sandbox.createRepository({ name: "team/new" });
  expect(await names()).not.toContain("team/new");
  await manager.checkRegistry({ params });
  expect(await names()).toContain("team/new");
});
