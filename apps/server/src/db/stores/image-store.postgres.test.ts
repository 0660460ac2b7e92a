import { randomUUID } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/test-database.ts";
import type { Database } from "../schema.ts";
import { imageStore } from "./image-store.ts";
import { imageTagStore } from "./image-tag-store.ts";

const [organizationId, registryId, userId] = [randomUUID(), randomUUID(), randomUUID()];
const imageCount = 10_000;
let database: TestDatabase;
let counted: Kysely<Database>;
let queries = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await seed(database.db);
  counted = database.db.withPlugin({
    transformQuery: ({ node }) => {
      queries += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
});
afterAll(() => database.drop());

/** Ten thousand images with three tags each, every tenth of them used by two workspaces. */
async function seed(db: Kysely<Database>): Promise<void> {
  await db.insertInto("organizations").values({ id: organizationId, name: "org" }).execute();
  const person = {
    id: userId,
    email: "a@example.com",
    username: "ada",
    password_hash: "-",
    site_role: "member" as const,
  };
  await db.insertInto("users").values(person).execute();
  const registry = { id: registryId, organization_id: organizationId, name: "prod", kind: "ecr", host: "h" };
  await db.insertInto("registries").values(registry).execute();
  await sql`INSERT INTO images (id, organization_id, registry_id, repository, cpu, memory_gb, disk_gb, default_tag)
    SELECT gen_random_uuid(), ${organizationId}, ${registryId}, 'team/r' || lpad(n::text, 5, '0'), 4, 4, 10, 'a'
    FROM generate_series(1, ${imageCount}::int) n`.execute(db);
  await sql`INSERT INTO image_tags (image_id, tag, digest, media_type, platforms)
    SELECT id, tag, 'sha256:' || tag, 'm', '{linux/amd64}' FROM images, unnest(array['a', 'b', 'c']) tag`.execute(db);
  await sql`INSERT INTO workspaces
    (id, organization_id, owner_id, name, image_id, image_tag, cpu, memory_gb, disk_gb, desired, status)
    SELECT gen_random_uuid(), ${organizationId}, ${userId}, repository || tag, id, tag, 1, 1, 1, 'stopped', 'stopped'
    FROM images, unnest(array['a', 'b']) tag WHERE repository LIKE '%0'`.execute(db);
  await sql`ANALYZE`.execute(db);
}

describe("listing", () => {
  it("takes three queries, whatever the number of images", async () => {
    for (const limit of [1, 1000]) {
      queries = 0;
      const page = await imageStore(counted).list({ organizationId, limit });
      expect(page.items).toHaveLength(limit);
      expect(queries).toBe(3);
    }
  });

  it("counts the workspaces of each image and tag", async () => {
    const { items } = await imageStore(counted).list({ organizationId, limit: 10 });
    expect(items.map(({ workspaceCount }) => workspaceCount)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    const counts = items[9]?.tags.map(({ tag, workspaceCount }) => [tag, workspaceCount]).sort();
    expect(counts).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 0],
    ]);
  });

  it("goes through all of them without a gap or a repetition", async () => {
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await imageStore(counted).list({ organizationId, limit: 999, cursor });
      for (const { id } of page.items) seen.add(id);
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen.size).toBe(imageCount);
  });

  it("continues on an index rather than sorting everything", async () => {
    const plan = await sql<{ "QUERY PLAN": string }>`EXPLAIN
      SELECT i.id FROM images i JOIN registries r ON r.id = i.registry_id
      WHERE i.organization_id = ${organizationId} AND (i.repository, i.id) > ('team/r09000', ${randomUUID()}::uuid)
      ORDER BY i.repository, i.id LIMIT 101`.execute(counted);
    expect(plan.rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("images_organization");
  });
});

it("stores the outcomes of a thousand tags in as many queries as of one", async () => {
  const [image] = (await imageStore(counted).list({ organizationId, limit: 1 })).items;
  const id = image?.id ?? "";
  const names = Array.from({ length: 1000 }, (_, i) => `t${i}`);
  const facts = { digest: "sha256:1", mediaType: "m", platforms: ["linux/amd64"], sizeBytes: 5, pushedAt: null };
  await sql`INSERT INTO image_tags (image_id, tag, digest, media_type, platforms)
    SELECT ${id}, 't' || n, 'sha256:1', 'm', '{}' FROM generate_series(0, 999) n`.execute(counted);
  queries = 0;
  const outcomes = new Map(names.map((tag) => [tag, { facts }] as const));
  expect(await imageTagStore(counted).recordOutcomes(id, outcomes)).toEqual([]);
  expect(queries).toBeLessThanOrEqual(3);
});
