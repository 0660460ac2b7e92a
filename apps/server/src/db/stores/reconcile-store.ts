import { randomUUID } from "node:crypto";
import type { Failure, WorkspaceStatus } from "@berth/api";
import { sql } from "kysely";
import type { Workspace } from "../../domain/workspaces/workspace.ts";
import { presenceLockClass } from "../presence.ts";
import type { Executor } from "../transaction.ts";
import { readWorkspaces, selectWorkspaces } from "./workspace-rows.ts";
import { workspaceStore } from "./workspace-store.ts";

/** A lease counts while it has not run out and the process that holds it still has its presence lock. */
const isFree = sql<boolean>`(
  workspaces.lease_until IS NULL OR workspaces.lease_until < now() OR NOT EXISTS (
    SELECT 1 FROM pg_locks
    WHERE locktype = 'advisory' AND classid = ${sql.lit(presenceLockClass)} AND granted
      AND objid::bigint = (hashtext(workspaces.lease_owner::text)::bigint & 4294967295)
  ))`;

export type BuildOutcome = {
  buildStatus: "succeeded" | "failed" | "canceled";
  failure: Failure | null;
  status: WorkspaceStatus;
  retryAt: Date | null;
  attempts: number;
};

/** What a reconciler reads and writes. Every write demands the lease, so a process that lost it changes nothing. */
export const reconcileStore = (database: Executor) => {
  const atomically = <Result>(work: (store: ReturnType<typeof statements>) => Promise<Result>): Promise<Result> =>
    database.transaction().execute(async (transaction) => await work(statements(transaction)));
  return {
    ...statements(database),
    // Those of several statements: all of them happen, or none.
    beginBuild: (...args: Parameters<Statements["beginBuild"]>) => atomically((store) => store.beginBuild(...args)),
    pinDigest: (...args: Parameters<Statements["pinDigest"]>) => atomically((store) => store.pinDigest(...args)),
    finishBuild: (...args: Parameters<Statements["finishBuild"]>) => atomically((store) => store.finishBuild(...args)),
    recover: (...args: Parameters<Statements["recover"]>) => atomically((store) => store.recover(...args)),
  };
};
export type ReconcileStore = ReturnType<typeof reconcileStore>;
type Statements = ReturnType<typeof statements>;

const statements = (db: Executor) => {
  const leased = (workspaceId: string, owner: string) =>
    db.updateTable("workspaces").where("id", "=", workspaceId).where("lease_owner", "=", owner);
  const changed = { version: sql<number>`version + 1`, updated_at: sql<Date>`now()` };

  return {
    async find(id: string): Promise<Workspace | undefined> {
      return (await readWorkspaces(db, selectWorkspaces(db).where("w.id", "=", id), { steps: false }))[0];
    },

    /** Which build is the latest now, and whether it is to be canceled. */
    async latestBuild(workspaceId: string): Promise<{ id: string; cancelRequested: boolean } | undefined> {
      const row = await db
        .selectFrom("workspaces as w")
        .innerJoin("builds as b", "b.id", "w.latest_build_id")
        .select(["b.id", "b.cancel_requested"])
        .where("w.id", "=", workspaceId)
        .executeTakeFirst();
      return row && { id: row.id, cancelRequested: row.cancel_requested };
    },

    /**
     * Workspaces that may need a hand: unfinished builds, due attempts, and those that should be up. `isUp` marks those
     * that need one only when their agent is away.
     */
    async listDue(): Promise<{ id: string; revision: string | null; isUp: boolean }[]> {
      const result = await sql<{ id: string; revision: string | null; is_up: boolean }>`
        SELECT w.id, w.revision, w.status = 'running' AND b.status NOT IN ('pending', 'running') AS is_up
        FROM workspaces w JOIN builds b ON b.id = w.latest_build_id
        WHERE b.status IN ('pending', 'running')
           OR (w.status = 'failed' AND w.retry_at <= now())
           OR w.status IN ('running', 'starting', 'pending')`.execute(db);
      return result.rows.map((row) => ({ id: row.id, revision: row.revision, isUp: row.is_up }));
    },

    async acquire(workspaceId: string, owner: string, leaseMs: number): Promise<boolean> {
      const row = await db
        .updateTable("workspaces")
        .set({ lease_owner: owner, lease_until: sql<Date>`now() + ${`${leaseMs} milliseconds`}::interval` })
        .where("id", "=", workspaceId)
        .where(({ or, eb }) => or([eb("lease_owner", "=", owner), isFree]))
        .returning("id")
        .executeTakeFirst();
      return row !== undefined;
    },

    /** Whether the lease is still ours. */
    async renew(workspaceId: string, owner: string, leaseMs: number): Promise<boolean> {
      const row = await leased(workspaceId, owner)
        .set({ lease_until: sql<Date>`now() + ${`${leaseMs} milliseconds`}::interval` })
        .returning("id")
        .executeTakeFirst();
      return row !== undefined;
    },

    async release(workspaceId: string, owner: string): Promise<void> {
      await leased(workspaceId, owner).set({ lease_owner: null, lease_until: null }).execute();
    },

    /** Marks the latest build as under way; those before it that never ended are canceled. */
    async beginBuild(workspaceId: string, owner: string, buildId: string, status: WorkspaceStatus): Promise<boolean> {
      const row = await leased(workspaceId, owner)
        .where("latest_build_id", "=", buildId)
        .set({ status, failure: null, ...changed })
        .returning("id")
        .executeTakeFirst();
      if (!row) return false;
      await db
        .updateTable("builds")
        .set({ status: "canceled", finished_at: sql<Date>`now()` })
        .where("workspace_id", "=", workspaceId)
        .where("id", "!=", buildId)
        .where("status", "in", ["pending", "running"])
        .execute();
      await db
        .updateTable("builds")
        .set({ status: "running", started_at: sql<Date>`coalesce(started_at, now())` })
        .where("id", "=", buildId)
        .where("status", "=", "pending")
        .execute();
      await db
        .updateTable("build_steps")
        .set({ status: "canceled", finished_at: sql<Date>`now()`, detail: "Interrupted; taken up again below" })
        .where("build_id", "=", buildId)
        .where("status", "=", "running")
        .execute();
      return true;
    },

    /** Fixes what the build and its workspace run from now on. */
    async pinDigest(workspaceId: string, owner: string, buildId: string, digest: string): Promise<boolean> {
      const row = await leased(workspaceId, owner)
        .where("latest_build_id", "=", buildId)
        .set({ digest })
        .returning("id")
        .executeTakeFirst();
      if (row) await db.updateTable("builds").set({ digest }).where("id", "=", buildId).execute();
      return row !== undefined;
    },

    /** Ends a build. The workspace takes its outcome unless a newer build has come; gives whether it did. */
    async finishBuild(workspaceId: string, owner: string, buildId: string, outcome: BuildOutcome): Promise<boolean> {
      await db
        .updateTable("builds")
        .set({ status: outcome.buildStatus, failure: outcome.failure, finished_at: sql<Date>`now()` })
        .where("id", "=", buildId)
        .where("status", "in", ["pending", "running"])
        .execute();
      const row = await leased(workspaceId, owner)
        .where("latest_build_id", "=", buildId)
        .set({
          status: outcome.status,
          failure: outcome.status === "failed" ? outcome.failure : null,
          retry_at: outcome.retryAt,
          attempts: outcome.attempts,
          ...(outcome.status === "running" ? { last_started_at: sql<Date>`now()` } : {}),
          ...changed,
        })
        .returning("id")
        .executeTakeFirst();
      return row !== undefined;
    },

    /** Ends a build that a newer one replaced; the workspace is the newer one's. */
    async supersedeBuild(buildId: string): Promise<void> {
      await db
        .updateTable("builds")
        .set({ status: "canceled", finished_at: sql<Date>`now()` })
        .where("id", "=", buildId)
        .where("status", "in", ["pending", "running"])
        .execute();
    },

    async setStatus(workspaceId: string, owner: string, status: WorkspaceStatus): Promise<void> {
      await leased(workspaceId, owner)
        .set({ status, ...changed })
        .execute();
    },

    /** A build that nobody asked for but the state of things. Attempts are kept, so that failures add up. */
    async recover(
      workspace: Workspace,
      owner: string,
      plan: { kind: "start" | "stop" | "delete"; attempts: number },
    ): Promise<boolean> {
      const { kind, attempts } = plan;
      const row = await leased(workspace.id, owner)
        .where("latest_build_id", "is not distinct from", workspace.latestBuild?.id ?? null)
        .where("desired", "=", workspace.desired)
        .set({
          status: kind === "start" ? "pending" : kind === "stop" ? "stopping" : "deleting",
          retry_at: null,
          attempts,
          ...(kind === "start" ? { revision: randomUUID() } : {}),
          ...changed,
        })
        .returning("id")
        .executeTakeFirst();
      if (!row) return false;
      await workspaceStore(db).insertBuild(workspace.id, {
        id: randomUUID(),
        kind,
        initiatorId: null,
        imageTag: workspace.imageTag,
        digest: kind === "start" ? workspace.digest : null,
      });
      return true;
    },

    /** Says that a workspace keeps ending by itself. */
    async crashed(
      workspaceId: string,
      owner: string,
      change: { failure: Failure; attempts: number; retryAt: Date | null },
    ): Promise<void> {
      const { failure, attempts, retryAt } = change;
      await leased(workspaceId, owner)
        .set({ status: "failed", failure, attempts, retry_at: retryAt, ...changed })
        .execute();
    },

    async agentChanged(workspaceId: string, agent: { version: string; connectedAt: Date } | null): Promise<void> {
      await db
        .updateTable("workspaces")
        .set({
          agent_connected_at: agent?.connectedAt ?? null,
          ...(agent ? { agent_version: agent.version } : {}),
          ...changed,
        })
        .where("id", "=", workspaceId)
        .execute();
    },

    async deleteWorkspace(workspaceId: string, owner: string): Promise<void> {
      await db.deleteFrom("workspaces").where("id", "=", workspaceId).where("lease_owner", "=", owner).execute();
    },

    /** Of these, those that exist and may have compute. */
    async filterWanted(workspaceIds: string[]): Promise<{ id: string; desired: string; status: string }[]> {
      if (workspaceIds.length === 0) return [];
      return await db
        .selectFrom("workspaces")
        .select(["id", "desired", "status"])
        .where("id", "=", sql<string>`ANY(${workspaceIds}::uuid[])`)
        .execute();
    },

    /** Every workspace that should be reachable, so that its agent finds a listener after a restart. */
    async listWantedRunning(): Promise<string[]> {
      const rows = await db.selectFrom("workspaces").select("id").where("desired", "=", "running").execute();
      return rows.map((row) => row.id);
    },

    async currentRevision(workspaceId: string): Promise<string | null> {
      const row = await db
        .selectFrom("workspaces")
        .select("revision")
        .where("id", "=", workspaceId)
        .where("desired", "=", "running")
        .executeTakeFirst();
      return row?.revision ?? null;
    },
  };
};
