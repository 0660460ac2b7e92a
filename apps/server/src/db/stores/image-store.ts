import { type SelectQueryBuilder, sql } from "kysely";
import { z } from "zod";
import { notFound } from "../../domain/authorization.ts";
import type { ImageRecord } from "../../domain/images/image.ts";
import type { ImportStores } from "../../domain/images/image-import.ts";
import type { ImageSourceDeps } from "../../domain/images/image-source.ts";
import type { ImageReader, ImageWriter } from "../../domain/images/images.ts";
import { decodeCursor, pageFrom } from "../../domain/page.ts";
import { onViolation } from "../database-errors.ts";
import type { Executor } from "../transaction.ts";
import { type ImageTags, imageTagsOf } from "./image-tag-store.ts";

const Cursor = z.tuple([z.string(), z.uuid()]);
/** How many workspaces a refusal names. */
const maxNamed = 20;

type ImageStore = ImageReader &
  ImageWriter &
  Pick<ImportStores["images"], "insertOrFind"> &
  Pick<ImageSourceDeps["images"], "locate"> & {
    /** Which of these repositories are imported from a registry: repository → image id. */
    imported(registryId: string, repositories: readonly string[]): Promise<Map<string, string>>;
  };

/** Images as rows. Whatever the number of images, a list is three queries: images, their tags, their workspaces. */
export function imageStore(db: Executor): ImageStore {
  const find = async (id: string): Promise<ImageRecord | undefined> =>
    (await withTags(db, await selectImages(db).where("i.id", "=", id).execute()))[0];

  return {
    find,

    async list({ organizationId, registryId, repository, search, limit, cursor }) {
      const after = decodeCursor(cursor, Cursor);
      let query = selectImages(db)
        .where("i.organization_id", "=", organizationId)
        .orderBy("i.repository")
        .orderBy("i.id")
        .limit(limit + 1);
      if (registryId !== undefined) query = query.where("i.registry_id", "=", registryId);
      if (repository !== undefined) query = query.where("i.repository", "=", repository);
      if (search?.trim()) query = query.where(matches(search.trim()));
      if (after)
        query = query.where(({ eb, refTuple, tuple }) => eb(refTuple("i.repository", "i.id"), ">", tuple(...after)));
      const page = pageFrom(await query.execute(), limit, (row) => [row.repository, row.id]);
      return { ...page, items: await withTags(db, page.items) };
    },

    async locate(id) {
      return await db
        .selectFrom("images as i")
        .innerJoin("registries as r", "r.id", "i.registry_id")
        .select(["r.id as registryId", "r.host", "i.repository"])
        .where("i.id", "=", id)
        .executeTakeFirst();
    },

    async lock(id) {
      await db.selectFrom("images").select("id").where("id", "=", id).forUpdate().execute();
      return await find(id);
    },

    async insertOrFind(image) {
      const inserted = await onViolation({ images_registry_id_fkey: () => notFound("registry") }, () =>
        db
          .insertInto("images")
          .values({
            id: image.id,
            organization_id: image.organizationId,
            registry_id: image.registryId,
            repository: image.repository,
            description: image.description,
            source_url: image.sourceUrl,
            cpu: image.cpu,
            memory_gb: image.memoryGb,
            disk_gb: image.diskGb,
            default_tag: image.defaultTag,
          })
          // An update that changes nothing, so that the row of another import is waited for, held and given back.
          .onConflict((conflict) =>
            conflict.columns(["registry_id", "repository"]).doUpdateSet({ repository: image.repository }),
          )
          .returning("id")
          .executeTakeFirstOrThrow(),
      );
      return { id: inserted.id, isNew: inserted.id === image.id };
    },

    async update(id, { description, sourceUrl, cpu, memoryGb, diskGb, isDeprecated, defaultTag }) {
      await db
        .updateTable("images")
        .set({
          updated_at: sql`now()`,
          ...(description !== undefined && { description }),
          ...(sourceUrl !== undefined && { source_url: sourceUrl }),
          ...(cpu !== undefined && { cpu }),
          ...(memoryGb !== undefined && { memory_gb: memoryGb }),
          ...(diskGb !== undefined && { disk_gb: diskGb }),
          ...(isDeprecated !== undefined && { is_deprecated: isDeprecated }),
          ...(defaultTag !== undefined && { default_tag: defaultTag }),
        })
        .where("id", "=", id)
        .execute();
    },

    async remove(id) {
      await db.deleteFrom("images").where("id", "=", id).execute();
    },

    async removeTag(id, tag) {
      await db.deleteFrom("image_tags").where("image_id", "=", id).where("tag", "=", tag).execute();
    },

    async use(id, tag) {
      let query = db
        .selectFrom("workspaces as w")
        .innerJoin("users as u", "u.id", "w.owner_id")
        .select(["w.name", "u.username as owner", sql<number>`count(*) OVER ()`.as("count")])
        .where("w.image_id", "=", id)
        .orderBy("w.name")
        .orderBy("w.id")
        .limit(maxNamed);
      if (tag !== undefined) query = query.where("w.image_tag", "=", tag);
      const rows = await query.execute();
      return { workspaces: rows.map(({ name, owner }) => ({ name, owner })), count: rows[0]?.count ?? 0 };
    },

    async imported(registryId, repositories) {
      const rows = await db
        .selectFrom("images")
        .select(["id", "repository"])
        .where("registry_id", "=", registryId)
        .where((where) => where("repository", "=", where.fn.any(where.val([...repositories]))))
        .execute();
      return new Map(rows.map(({ id, repository }) => [repository, id]));
    },
  };
}

function selectImages(db: Executor) {
  return db
    .selectFrom("images as i")
    .innerJoin("registries as r", "r.id", "i.registry_id")
    .selectAll("i")
    .select(["r.name as registry_name", "r.host as registry_host"]);
}

function matches(search: string) {
  const pattern = `%${search.replace(/[\\%_]/g, "\\$&")}%`;
  return sql<boolean>`(i.repository ILIKE ${pattern} OR i.description ILIKE ${pattern} OR r.name ILIKE ${pattern}
    OR EXISTS (SELECT FROM image_tags t WHERE t.image_id = i.id AND t.tag ILIKE ${pattern}))`;
}

type Selected<Query> = Query extends SelectQueryBuilder<infer _DB, infer _Tables, infer Output> ? Output : never;
type ImageRow = Selected<ReturnType<typeof selectImages>>;

async function withTags(db: Executor, rows: readonly ImageRow[]): Promise<ImageRecord[]> {
  const tags = await imageTagsOf(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => imageFrom(row, tags.get(row.id)));
}

function imageFrom(row: ImageRow, known: ImageTags | undefined): ImageRecord {
  return {
    id: row.id,
    organizationId: row.organization_id,
    registry: { id: row.registry_id, name: row.registry_name, host: row.registry_host },
    repository: row.repository,
    description: row.description,
    sourceUrl: row.source_url,
    cpu: row.cpu,
    memoryGb: row.memory_gb,
    diskGb: row.disk_gb,
    isDeprecated: row.is_deprecated,
    defaultTag: row.default_tag,
    tags: known?.tags ?? [],
    workspaceCount: known?.workspaceCount ?? 0,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
