import { randomUUID } from "node:crypto";
import type { Actor } from "../domain/actor.ts";
import type { TestDatabase } from "./test-database.ts";

export const testDigest = `sha256:${"a".repeat(64)}`;

/** A person with an organization, a registry and an imported image, straight into the tables. */
export async function insertPeopleAndImage({ db }: Pick<TestDatabase, "db">, username = "ada") {
  const [userId, organizationId, registryId, imageId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  await db
    .insertInto("users")
    .values({ id: userId, email: `${username}@example.com`, username, password_hash: "-", site_role: "member" })
    .execute();
  await db
    .insertInto("organizations")
    .values({ id: organizationId, name: `org-${username}` })
    .execute();
  await db
    .insertInto("organization_members")
    .values({ organization_id: organizationId, user_id: userId, role: "member" })
    .execute();
  const host = "000000000000.dkr.ecr.us-east-1.amazonaws.com";
  await db
    .insertInto("registries")
    .values({ id: registryId, organization_id: organizationId, name: "prod", kind: "ecr", host })
    .execute();
  await db
    .insertInto("images")
    .values({
      id: imageId,
      organization_id: organizationId,
      registry_id: registryId,
      repository: "team/base",
      cpu: 1,
      memory_gb: 1,
      disk_gb: 10,
      default_tag: "1",
    })
    .execute();
  await db
    .insertInto("image_tags")
    .values({ image_id: imageId, tag: "1", digest: testDigest, media_type: "m", platforms: ["linux/amd64"] })
    .execute();
  const actor: Actor = {
    userId,
    username,
    siteRole: "member",
    memberships: [{ organizationId, role: "member" }],
    scopes: ["all"],
    credential: { kind: "session", id: randomUUID() },
  };
  return { actor, userId, organizationId, registryId, imageId };
}
