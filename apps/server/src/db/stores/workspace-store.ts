import { sql } from "kysely";
import { notFound } from "../../domain/authorization.ts";
import { BerthError } from "../../domain/berth-error.ts";
import type { WorkspaceFilter, WorkspaceReads, WorkspaceWrites } from "../../domain/workspaces/ports.ts";
import type { Build } from "../../domain/workspaces/workspace.ts";
import { onViolation } from "../database-errors.ts";
import type { Executor } from "../transaction.ts";
import { readBuilds, readWorkspaces, selectBuilds, selectWorkspaces } from "./workspace-rows.ts";

function filtered(db: Executor, filter: WorkspaceFilter) {
  const { visibleTo, after } = filter;
  let query = selectWorkspaces(db);
  if (visibleTo.organizationIds !== "all") {
    const organizationIds = [...visibleTo.organizationIds];
    query = query.where(({ or, eb }) =>
      or([
        eb("w.owner_id", "=", visibleTo.userId),
        eb("w.organization_id", "=", sql<string>`ANY(${organizationIds}::uuid[])`),
      ]),
    );
  }
  if (filter.organizationId) query = query.where("w.organization_id", "=", filter.organizationId);
  if (filter.ownerId) query = query.where("w.owner_id", "=", filter.ownerId);
  if (filter.ownerUsername) query = query.where(sql`lower(owner.username)`, "=", filter.ownerUsername.toLowerCase());
  if (filter.name) query = query.where(sql`lower(w.name)`, "=", filter.name.toLowerCase());
  if (filter.imageId) query = query.where("w.image_id", "=", filter.imageId);
  if (filter.status) query = query.where("w.status", "=", filter.status);
  if (after) query = query.where(sql<boolean>`(w.created_at, w.id) < (${after.createdAt}, ${after.id}::uuid)`);
  return query.orderBy("w.created_at", "desc").orderBy("w.id", "desc").limit(filter.limit);
}

const changed = { version: sql<number>`version + 1`, updated_at: sql<Date>`now()` };

type BuildStatusRead = { buildStatus(buildId: string): Promise<Build["status"] | undefined> };

/** Workspaces and their builds, for what people ask. */
export const workspaceStore = (db: Executor): WorkspaceReads & WorkspaceWrites & BuildStatusRead => ({
  async buildStatus(buildId) {
    const row = await db.selectFrom("builds").select("status").where("id", "=", buildId).executeTakeFirst();
    return row?.status;
  },

  async list(filter) {
    return await readWorkspaces(db, filtered(db, filter));
  },

  async find(id) {
    return (await readWorkspaces(db, selectWorkspaces(db).where("w.id", "=", id)))[0];
  },

  /** Holds the row until the transaction ends, so that two actions on one workspace follow each other. */
  async findForUpdate(id) {
    return (await readWorkspaces(db, selectWorkspaces(db).where("w.id", "=", id).forUpdate("w")))[0];
  },

  async holdMembership(userId, organizationId) {
    const row = await db
      .selectFrom("organization_members")
      .select("user_id")
      .where("user_id", "=", userId)
      .where("organization_id", "=", organizationId)
      .forShare()
      .executeTakeFirst();
    return row !== undefined;
  },

  async insert(workspace) {
    const taken = () =>
      new BerthError("NAME_TAKEN", `You have a workspace named ${workspace.name} already.`, {
        errors: [{ path: "body.name", message: "This name is taken" }],
      });
    await onViolation({ workspaces_name_key: taken, workspaces_image_id_fkey: () => notFound("image") }, () =>
      db
        .insertInto("workspaces")
        .values({
          id: workspace.id,
          organization_id: workspace.organizationId,
          owner_id: workspace.ownerId,
          name: workspace.name,
          image_id: workspace.imageId,
          image_tag: workspace.imageTag,
          cpu: workspace.cpu,
          memory_gb: workspace.memoryGb,
          disk_gb: workspace.diskGb,
          desired: "running",
          status: "pending",
          revision: workspace.revision,
          created_at: workspace.createdAt,
          updated_at: workspace.createdAt,
        })
        .execute(),
    );
  },

  /** Adds the workspace's next build and makes it the latest; an unfinished one before it is asked to end. */
  async insertBuild(workspaceId, build) {
    await db
      .updateTable("builds")
      .set({ cancel_requested: true })
      .where("workspace_id", "=", workspaceId)
      .where("status", "in", ["pending", "running"])
      .execute();
    await db
      .insertInto("builds")
      .values({
        id: build.id,
        workspace_id: workspaceId,
        number: sql<number>`(SELECT coalesce(max(number), 0) + 1 FROM builds WHERE workspace_id = ${workspaceId})`,
        kind: build.kind,
        status: "pending",
        initiator_id: build.initiatorId,
        image_tag: build.imageTag,
        digest: build.digest,
      })
      .execute();
    await db.updateTable("workspaces").set({ latest_build_id: build.id }).where("id", "=", workspaceId).execute();
  },

  async requestCancel(buildId) {
    await db.updateTable("builds").set({ cancel_requested: true }).where("id", "=", buildId).execute();
  },

  async want(workspaceId, change) {
    await db
      .updateTable("workspaces")
      .set({ ...change, retry_at: null, attempts: 0, ...changed })
      .where("id", "=", workspaceId)
      .execute();
  },

  async update(workspaceId, change) {
    await db
      .updateTable("workspaces")
      .set({
        ...(change.cpu === undefined ? {} : { cpu: change.cpu }),
        ...(change.memoryGb === undefined ? {} : { memory_gb: change.memoryGb }),
        ...(change.diskGb === undefined ? {} : { disk_gb: change.diskGb }),
        ...(change.imageTag === undefined ? {} : { image_tag: change.imageTag }),
        ...changed,
      })
      .where("id", "=", workspaceId)
      .execute();
  },

  async listBuilds(workspaceId, page) {
    let query = selectBuilds(db).where("b.workspace_id", "=", workspaceId);
    if (page.beforeNumber !== undefined) query = query.where("b.number", "<", page.beforeNumber);
    return await readBuilds(db, query.orderBy("b.number", "desc").limit(page.limit));
  },

  async findBuild(workspaceId, buildId) {
    const query = selectBuilds(db).where("b.workspace_id", "=", workspaceId).where("b.id", "=", buildId);
    return (await readBuilds(db, query))[0];
  },
});
