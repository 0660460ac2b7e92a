import { sql } from "kysely";
import type { Build, BuildStep, Workspace } from "../../domain/workspaces/workspace.ts";
import type { Row } from "../schema.ts";
import type { Executor } from "../transaction.ts";

type BuildRow = Row<"builds"> & { initiator_username: string | null };

const toStep = (row: Row<"build_steps">): BuildStep => ({
  position: row.position,
  id: row.step,
  title: row.title,
  status: row.status,
  detail: row.detail,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
});

const toBuild = (row: BuildRow, steps: BuildStep[]): Build => ({
  id: row.id,
  workspaceId: row.workspace_id,
  number: row.number,
  kind: row.kind,
  status: row.status,
  initiatorId: row.initiator_id,
  initiatorUsername: row.initiator_username,
  imageTag: row.image_tag,
  digest: row.digest,
  cancelRequested: row.cancel_requested,
  failure: row.failure,
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  steps,
});

/** Builds with their initiators' names; add conditions, order and limits, then run it through `readBuilds`. */
export const selectBuilds = (db: Executor) =>
  db
    .selectFrom("builds as b")
    .leftJoin("users as initiator", "initiator.id", "b.initiator_id")
    .selectAll("b")
    .select("initiator.username as initiator_username");

async function stepsOf(db: Executor, buildIds: string[]): Promise<Map<string, BuildStep[]>> {
  const steps = new Map<string, BuildStep[]>();
  if (buildIds.length === 0) return steps;
  const rows = await db
    .selectFrom("build_steps")
    .selectAll()
    .where("build_id", "=", sql<string>`ANY(${buildIds}::uuid[])`)
    .orderBy("position")
    .execute();
  for (const row of rows) steps.set(row.build_id, [...(steps.get(row.build_id) ?? []), toStep(row)]);
  return steps;
}

/** Steps are for people; what only decides leaves them out. */
export type Detail = { steps: boolean };

/** Runs a query of `selectBuilds` and adds each build's steps. */
export async function readBuilds(
  db: Executor,
  query: { execute(): Promise<BuildRow[]> },
  detail: Detail = { steps: true },
): Promise<Build[]> {
  const rows = await query.execute();
  const ids = detail.steps ? rows.map((row) => row.id) : [];
  const steps = await stepsOf(db, ids);
  return rows.map((row) => toBuild(row, steps.get(row.id) ?? []));
}

/** Workspaces with the names around them; add conditions, order and limits, then run it through `readWorkspaces`. */
export const selectWorkspaces = (db: Executor) =>
  db
    .selectFrom("workspaces as w")
    .innerJoin("users as owner", "owner.id", "w.owner_id")
    .innerJoin("images as image", "image.id", "w.image_id")
    .innerJoin("registries as registry", "registry.id", "image.registry_id")
    .selectAll("w")
    .select([
      "owner.username as owner_username",
      "owner.email as owner_email",
      "image.repository as repository",
      "registry.host as registry_host",
    ]);

type WorkspaceRow = Row<"workspaces"> & {
  owner_username: string;
  owner_email: string;
  repository: string;
  registry_host: string;
};

const toWorkspace = (row: WorkspaceRow, latestBuild: Build | null): Workspace => ({
  id: row.id,
  organizationId: row.organization_id,
  ownerId: row.owner_id,
  ownerUsername: row.owner_username,
  ownerEmail: row.owner_email,
  name: row.name,
  image: { id: row.image_id, repository: row.repository, registryHost: row.registry_host },
  imageTag: row.image_tag,
  digest: row.digest,
  cpu: row.cpu,
  memoryGb: row.memory_gb,
  diskGb: row.disk_gb,
  desired: row.desired,
  status: row.status,
  failure: row.failure,
  agentVersion: row.agent_version,
  agentConnectedAt: row.agent_connected_at,
  revision: row.revision,
  version: row.version,
  latestBuild,
  retryAt: row.retry_at,
  attempts: row.attempts,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  lastStartedAt: row.last_started_at,
});

/** Runs a query of `selectWorkspaces` and adds each workspace's latest build: three statements, however many rows. */
export async function readWorkspaces(
  db: Executor,
  query: { execute(): Promise<WorkspaceRow[]> },
  detail: Detail = { steps: true },
): Promise<Workspace[]> {
  const rows = await query.execute();
  const buildIds = rows.flatMap((row) => row.latest_build_id ?? []);
  const builds =
    buildIds.length === 0
      ? []
      : await readBuilds(db, selectBuilds(db).where("b.id", "=", sql<string>`ANY(${buildIds}::uuid[])`), detail);
  const byId = new Map(builds.map((build) => [build.id, build]));
  return rows.map((row) => toWorkspace(row, byId.get(row.latest_build_id ?? "") ?? null));
}
