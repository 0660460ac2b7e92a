import type { Failure } from "@berth/api";
import { sql } from "kysely";
import type { ImageTagRecord } from "../../domain/images/image.ts";
import type { ImportStores } from "../../domain/images/image-import.ts";
import type { ImageRefreshDeps } from "../../domain/images/image-refresh.ts";
import type { TagFacts } from "../../domain/images/tag-facts.ts";
import type { Row } from "../schema.ts";
import type { Executor } from "../transaction.ts";

/** An image's tags, and the workspaces of all of them together. */
export type ImageTags = { tags: ImageTagRecord[]; workspaceCount: number };

/** The tags of many images at once. Images without any, and unknown ones, are not in the answer. */
export async function imageTagsOf(db: Executor, imageIds: readonly string[]): Promise<Map<string, ImageTags>> {
  const found = new Map<string, ImageTags>();
  if (imageIds.length === 0) return found;
  const ids = sql<string>`ANY(${[...imageIds]}::uuid[])`;
  const entry = (imageId: string) => {
    const known = found.get(imageId) ?? { tags: [], workspaceCount: 0 };
    found.set(imageId, known);
    return known;
  };
  const counts = new Map<string, number>();
  for (const use of await db
    .selectFrom("workspaces")
    .select(["image_id", "image_tag", sql<number>`count(*)`.as("count")])
    .where("image_id", "=", ids)
    .groupBy(["image_id", "image_tag"])
    .execute()) {
    counts.set(`${use.image_id}:${use.image_tag}`, use.count);
    entry(use.image_id).workspaceCount += use.count;
  }
  for (const row of await db.selectFrom("image_tags").selectAll().where("image_id", "=", ids).execute()) {
    entry(row.image_id).tags.push(tagFrom(row, counts.get(`${row.image_id}:${row.tag}`) ?? 0));
  }
  return found;
}

/** Image tags as rows. */
export function imageTagStore(db: Executor): Pick<ImportStores["images"], "insertTag"> &
  Pick<Parameters<Parameters<ImageRefreshDeps["transaction"]>[0]>[0]["images"], "recordOutcomes"> & {
    /** The tags that the registry's image of a repository offers. */
    importedTags(registryId: string, repository: string): Promise<string[]>;
  } {
  return {
    async insertTag(imageId, tag, { digest, mediaType, platforms, sizeBytes, pushedAt }) {
      const inserted = await db
        .insertInto("image_tags")
        .values({
          image_id: imageId,
          tag,
          digest,
          media_type: mediaType,
          platforms,
          size_bytes: sizeBytes,
          pushed_at: pushedAt,
        })
        .onConflict((conflict) => conflict.columns(["image_id", "tag"]).doNothing())
        .returning("tag")
        .executeTakeFirst();
      return inserted !== undefined;
    },

    async recordOutcomes(imageId, outcomes) {
      const facts = [...outcomes].flatMap(([tag, outcome]) => ("facts" in outcome ? [{ tag, ...outcome.facts }] : []));
      const failures = [...outcomes].flatMap(([tag, outcome]) =>
        "failure" in outcome ? [{ tag, failure: outcome.failure }] : [],
      );
      const moved = await holdMoved(db, imageId, facts);
      if (facts.length > 0) await updateFacts(db, imageId, facts);
      if (failures.length > 0) await updateFailures(db, imageId, failures);
      return moved;
    },

    async importedTags(registryId, repository) {
      const rows = await db
        .selectFrom("image_tags as t")
        .innerJoin("images as i", "i.id", "t.image_id")
        .select("t.tag")
        .where("i.registry_id", "=", registryId)
        .where("i.repository", "=", repository)
        .execute();
      return rows.map(({ tag }) => tag);
    },
  };
}

type TaggedFacts = TagFacts & { tag: string };

/** Holds the image's tags, in one order for all, and tells which of them point elsewhere now. */
async function holdMoved(db: Executor, imageId: string, facts: readonly TaggedFacts[]) {
  const found = new Map(facts.map(({ tag, digest }) => [tag, digest]));
  const known = await db
    .selectFrom("image_tags")
    .select(["tag", "digest"])
    .where("image_id", "=", imageId)
    .orderBy("tag")
    .forUpdate()
    .execute();
  return known.flatMap(({ tag, digest: from }) => {
    const to = found.get(tag);
    return to === undefined || to === from ? [] : [{ tag, from, to }];
  });
}

async function updateFacts(db: Executor, imageId: string, facts: readonly TaggedFacts[]): Promise<void> {
  // A push time that this look-up did not ask for is still known while the content is the same.
  await sql`UPDATE image_tags t SET
      digest = f.digest, media_type = f."mediaType", platforms = f.platforms, size_bytes = f."sizeBytes",
      pushed_at = coalesce(f."pushedAt", CASE WHEN t.digest = f.digest THEN t.pushed_at END),
      digest_changed_at = CASE WHEN t.digest = f.digest THEN t.digest_changed_at ELSE now() END,
      last_checked_at = now(), last_failure = NULL
    FROM jsonb_to_recordset(${JSON.stringify(facts)}::jsonb)
      AS f(tag text, digest text, "mediaType" text, platforms text[], "sizeBytes" bigint, "pushedAt" timestamptz)
    WHERE t.image_id = ${imageId} AND t.tag = f.tag`.execute(db);
}

async function updateFailures(
  db: Executor,
  imageId: string,
  failures: readonly { tag: string; failure: Failure }[],
): Promise<void> {
  await sql`UPDATE image_tags t SET last_checked_at = now(), last_failure = f.failure
    FROM jsonb_to_recordset(${JSON.stringify(failures)}::jsonb) AS f(tag text, failure jsonb)
    WHERE t.image_id = ${imageId} AND t.tag = f.tag`.execute(db);
}

function tagFrom(row: Row<"image_tags">, workspaceCount: number): ImageTagRecord {
  return {
    tag: row.tag,
    digest: row.digest,
    mediaType: row.media_type,
    platforms: row.platforms,
    sizeBytes: row.size_bytes,
    pushedAt: row.pushed_at,
    isDecommissioned: row.is_decommissioned,
    digestChangedAt: row.digest_changed_at,
    lastCheckedAt: row.last_checked_at,
    lastFailure: row.last_failure,
    workspaceCount,
  };
}
