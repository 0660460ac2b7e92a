import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Actor } from "../../domain/actor.ts";
import { Organizations } from "../../domain/organizations.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/test-database.ts";
import { transact } from "../transaction.ts";
import { auditStore } from "./audit-store.ts";
import { organizationStore } from "./organization-store.ts";

let database: TestDatabase;
let organizations: Organizations;
beforeAll(async () => {
  database = await createTestDatabase();
  organizations = new Organizations({
    organizations: organizationStore(database.db),
    transaction: transact(database.db, (tx) => ({ organizations: organizationStore(tx), audit: auditStore(tx) })),
  });
});
afterAll(() => database?.drop());

const origin = { requestId: "r1", ip: "192.0.2.1" };
const admin: Actor = {
  userId: randomUUID(),
  username: "ada",
  siteRole: "admin",
  memberships: [],
  scopes: ["all"],
  credential: { kind: "session", id: randomUUID() },
};

test("a created organization is listed, with its row in the audit log", async () => {
  const created = await organizations.create(admin, "research", origin);
  expect((await organizations.list(admin, { limit: 10 })).items).toContainEqual(created);
  const { items } = await auditStore(database.db).list({ limit: 10, targetKind: "organization" });
  expect(items).toContainEqual(
    expect.objectContaining({
      action: "organization.create",
      actor: { id: admin.userId, username: "ada", ip: "192.0.2.1" },
      changes: { name: { from: null, to: "research" } },
    }),
  );
});

test("of two creators of one name at once one succeeds, and the other leaves no audit row", async () => {
  const outcomes = await Promise.allSettled(
    ["same", "same", "Same"].map((name) => organizations.create(admin, name, origin)),
  );
  const failed = outcomes.filter((outcome) => outcome.status === "rejected");
  expect(failed.map(({ reason }) => reason.code)).toEqual(["NAME_TAKEN", "NAME_TAKEN"]);
  const { items } = await auditStore(database.db).list({ limit: 100 });
  expect(items.filter(({ target }) => target.name?.toLowerCase() === "same")).toHaveLength(1);
});

test("pages follow each other without a gap or a repetition", async () => {
  for (const name of ["page-c", "page-a", "page-b"]) await organizations.create(admin, name, origin);
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await organizations.list(admin, { limit: 2, cursor });
    names.push(...page.items.map(({ name }) => name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(names).toEqual([...names].sort());
  expect(names.filter((name) => name.startsWith("page-"))).toEqual(["page-a", "page-b", "page-c"]);
  expect(new Set(names).size).toBe(names.length);
});

test("a cursor of another list is refused", async () => {
  await expect(organizations.list(admin, { limit: 2, cursor: "bm8" })).rejects.toMatchObject({
    code: "REQUEST_INVALID",
  });
});
