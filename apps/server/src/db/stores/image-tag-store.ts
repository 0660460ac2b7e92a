import { sql } from "kysely";
import type { ImageTagRecord } from "../../domain/images/image.ts";
import type { ImportStores } from "../../domain/images/image-import.ts";
import type { ImageRefreshDeps, TagOutcome } from "../../domain/images/image-refresh.ts";
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
      const moved: { tag: string; from: string; to: string }[] = [];
      const known = await db
        .selectFrom("image_tags")
        .select(["tag", "digest"])
        .where("image_id", "=", imageId)
        .where((where) => where("tag", "=", where.fn.any(where.val([...outcomes.keys()]))))
        .orderBy("tag")
        .forUpdate()
        .execute();
      for (const { tag, digest } of known) {
        const outcome = outcomes.get(tag);
        if (!outcome) continue;
        if ("facts" in outcome && outcome.facts.digest !== digest) {
          moved.push({ tag, from: digest, to: outcome.facts.digest });
        }
        await db
          .updateTable("image_tags")
          .set(changeFor(outcome, digest))
          .where("image_id", "=", imageId)
          .where("tag", "=", tag)
          .execute();
      }
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

function changeFor(outcome: TagOutcome, digest: string) {
  if ("failure" in outcome) return { last_checked_at: sql<Date>`now()`, last_failure: outcome.failure };
  const { facts } = outcome;
  return {
    digest: facts.digest,
    media_type: facts.mediaType,
    platforms: facts.platforms,
    size_bytes: facts.sizeBytes,
    // Unknown for this look-up is not unknown for ever: the same content was pushed when it was.
    ...((facts.pushedAt !== null || facts.digest !== digest) && { pushed_at: facts.pushedAt }),
    last_checked_at: sql<Date>`now()`,
    last_failure: null,
    ...(facts.digest !== digest && { digest_changed_at: sql<Date>`now()` }),
  };
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
