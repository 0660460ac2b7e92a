import type { BuildLogEntry, Build as BuildView, Workspace as WorkspaceView, workspaceRoutes } from "@berth/api";
import type { AgentHub } from "../../agents/agent-hub.ts";
import { notFound } from "../../domain/authorization.ts";
import type { Action } from "../../domain/workspaces/action-plan.ts";
import type { LogLine } from "../../domain/workspaces/ports.ts";
import { type Build, stepView, type Workspace } from "../../domain/workspaces/workspace.ts";
import type { Workspaces } from "../../domain/workspaces/workspaces.ts";
import type { HandlerRequest, Handlers } from "../handler.ts";

/** Tells when a build may have changed since it was asked last. */
export type BuildWatch = {
  /** Resolves then, or after a while all the same. */
  changed(signal: AbortSignal): Promise<void>;
  close(): void;
};

export type WorkspaceHandlersDeps = {
  workspaces: Workspaces;
  hub: Pick<AgentHub, "find">;
  buildLog: {
    read(buildId: string, after: number, limit: number): Promise<LogLine[]>;
    /** Undefined once it is gone. */
    status(buildId: string): Promise<Build["status"] | undefined>;
    find(workspaceId: string, buildId: string): Promise<Build | undefined>;
    watch(build: { id: string; workspaceId: string }): BuildWatch;
  };
};

type Names = Exclude<keyof typeof workspaceRoutes, "exec">;
type ActionRequest = HandlerRequest<(typeof workspaceRoutes)["startWorkspace"]>;

/** Workspace endpoints. */
export function workspaceHandlers(deps: WorkspaceHandlersDeps): Pick<Handlers, Names> {
  const { workspaces } = deps;
  const view = (workspace: Workspace) => workspaceView(workspace, deps.hub);
  const act =
    (action: Action) =>
    async ({ actor, params, origin }: Pick<ActionRequest, "actor" | "params" | "origin">) =>
      view(await workspaces.act(actor, params.workspaceId, action, origin));
  return {
    listWorkspaces: async ({ actor, query }) => {
      const page = await workspaces.list(actor, query);
      return { ...page, items: page.items.map(view) };
    },
    createWorkspace: async ({ actor, body, origin }) => view(await workspaces.create(actor, body, origin)),
    getWorkspace: async ({ actor, params }) => view(await workspaces.get(actor, params.workspaceId)),
    updateWorkspace: async ({ actor, params, body, origin }) =>
      view(await workspaces.update(actor, params.workspaceId, body, origin)),
    deleteWorkspace: act("delete"),
    startWorkspace: act("start"),
    stopWorkspace: act("stop"),
    restartWorkspace: act("restart"),
    rebuildWorkspace: act("rebuild"),
    cancelBuild: act("cancel"),
    listBuilds: async ({ actor, params, query }) => {
      const page = await workspaces.listBuilds(actor, params.workspaceId, query);
      return { ...page, items: page.items.map(buildView) };
    },
    getBuild: async ({ actor, params }) =>
      buildView(await workspaces.getBuild(actor, params.workspaceId, params.buildId)),
    streamBuildLog: (request) => logEntries(deps, request),
  };
}

const pageSize = 500;
const isOver = (status: Build["status"] | undefined) => status !== "pending" && status !== "running";

async function* logEntries(
  { workspaces, buildLog }: WorkspaceHandlersDeps,
  { actor, params, query, signal }: HandlerRequest<(typeof workspaceRoutes)["streamBuildLog"]>,
): AsyncIterable<BuildLogEntry> {
  const begun = await workspaces.getBuild(actor, params.workspaceId, params.buildId);
  const watch = buildLog.watch(begun);
  let seq = query.after;
  try {
    while (!signal.aborted) {
      // Looked at before the lines are read: a build that is over has no line to come.
      const wasOver = isOver(await buildLog.status(begun.id));
      const lines = await buildLog.read(begun.id, seq, pageSize);
      for (const line of lines) {
        seq = line.seq;
        yield { seq, time: line.time.toISOString(), ...line.entry };
      }
      if (lines.length === pageSize) continue;
      if (wasOver || !query.follow) break;
      await watch.changed(signal);
    }
  } finally {
    watch.close();
  }
  const build = (await buildLog.find(begun.workspaceId, begun.id)) ?? deletedBuild(begun);
  const time = build.finishedAt ?? new Date();
  yield { seq: seq + 1, time: time.toISOString(), type: "build", build: buildView(build) };
}

/** A workspace's row goes with its last build: that it is gone is that build's success. */
function deletedBuild(build: Build): Build {
  if (build.kind !== "delete") throw notFound("build");
  return { ...build, status: "succeeded", finishedAt: new Date() };
}

/** Names every field on purpose: a column added to the domain must not reach clients by accident. */
export function workspaceView(workspace: Workspace, hub: Pick<AgentHub, "find">): WorkspaceView {
  const { image, imageTag } = workspace;
  const connection = hub.find(workspace.id);
  return {
    id: workspace.id,
    organizationId: workspace.organizationId,
    owner: { id: workspace.ownerId, username: workspace.ownerUsername },
    name: workspace.name,
    image: {
      id: image.id,
      repository: image.repository,
      tag: imageTag,
      reference: `${image.registryHost}/${image.repository}:${imageTag}`,
    },
    digest: workspace.digest,
    cpu: workspace.cpu,
    memoryGb: workspace.memoryGb,
    diskGb: workspace.diskGb,
    status: workspace.status,
    desired: workspace.desired,
    failure: workspace.failure,
    agent: {
      connected: connection !== undefined,
      version: connection?.version ?? workspace.agentVersion,
      connectedAt: connection?.connectedAt.toISOString() ?? null,
    },
    latestBuild: workspace.latestBuild && buildView(workspace.latestBuild),
    createdAt: workspace.createdAt.toISOString(),
    updatedAt: workspace.updatedAt.toISOString(),
    lastStartedAt: workspace.lastStartedAt?.toISOString() ?? null,
  };
}

function buildView(build: Build): BuildView {
  return {
    id: build.id,
    workspaceId: build.workspaceId,
    number: build.number,
    kind: build.kind,
    status: build.status,
    initiator: build.initiatorUsername,
    imageTag: build.imageTag,
    digest: build.digest,
    createdAt: build.createdAt.toISOString(),
    startedAt: build.startedAt?.toISOString() ?? null,
    finishedAt: build.finishedAt?.toISOString() ?? null,
    failure: build.failure,
    steps: build.steps.map(stepView),
  };
}
