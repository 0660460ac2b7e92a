import { leaseStoreContract } from "@berth/oci-ecr/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SecretBox } from "../../secrets/envelope.ts";
import { parseKeyring } from "../../secrets/keyring.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/test-database.ts";
import { ChangeListener } from "../listen.ts";
import { openDatabase } from "../open-database.ts";
import { tokenLeaseStore } from "./token-lease-store.ts";

const secrets = new SecretBox(parseKeyring(Buffer.alloc(32, 7).toString("base64")));
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A replica: connections and a listener of its own. */
async function openReplica() {
  const { address } = database;
  const { db, close } = openDatabase({ address, poolSize: 4, onIdleError: () => undefined });
  const changes = await ChangeListener.start({ address, onLost: () => undefined });
  return {
    store: tokenLeaseStore({ db, secrets, changes }),
    close: async () => {
      await changes.close();
      await close();
    },
  };
}

leaseStoreContract("PostgreSQL", async () => {
  const [one, two] = await Promise.all([openReplica(), openReplica()]);
  return {
    one: one.store,
    two: two.store,
    close: async () => {
      await Promise.all([one.close(), two.close()]);
    },
  };
});

test("a stored token is sealed", async () => {
  const replica = await openReplica();
  await replica.store.acquire("sealed", "a", 10_000);
  await replica.store.publish("sealed", "a", { password: "canary-of-a-token", issuedAtMs: 1, expiresAtMs: Date.now() });
  const row = await database.db
    .selectFrom("registry_tokens")
    .select("token_envelope")
    .where("id", "=", "sealed")
    .executeTakeFirstOrThrow();
  expect(row.token_envelope?.includes("canary-of-a-token")).toBe(false);
  await replica.close();
});

test("tokens that expired long ago go when the next one is stored", async () => {
  const replica = await openReplica();
  for (const [key, expiresAtMs] of [
    ["old", Date.now() - 2 * 60 * 60_000],
    ["new", Date.now() + 60_000],
    ["newer", Date.now() + 60_000],
  ] as const) {
    await replica.store.acquire(key, "a", 10_000);
    await replica.store.publish(key, "a", { password: "p", issuedAtMs: 1, expiresAtMs });
  }
  const rows = await database.db.selectFrom("registry_tokens").select("id").execute();
  expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(["new", "newer"]));
  expect(rows.map(({ id }) => id)).not.toContain("old");
  await replica.close();
});
