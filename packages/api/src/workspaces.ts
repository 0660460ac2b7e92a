import { z } from "zod";
import { Id, line, pageOf, pageQuery, slug, Timestamp } from "./common.ts";
import { sizes, Tag } from "./images.ts";
import { Failure } from "./problem.ts";
import { route } from "./route.ts";

export const WorkspaceStatus = z.enum(["pending", "starting", "running", "stopping", "stopped", "deleting", "failed"]);
export type WorkspaceStatus = z.output<typeof WorkspaceStatus>;

export const BuildKind = z.enum(["create", "start", "stop", "restart", "rebuild", "delete"]);
export type BuildKind = z.output<typeof BuildKind>;
export const BuildStatus = z.enum(["pending", "running", "succeeded", "failed", "canceled"]);
export type BuildStatus = z.output<typeof BuildStatus>;

export const BuildStep = z
  .object({
    id: z.string().describe("Stable: resolve, image, inspect, home, agent, container, start, connect, stop, remove"),
    title: z.string(),
    status: z.enum(["running", "succeeded", "failed", "canceled"]),
    startedAt: Timestamp,
    finishedAt: Timestamp.nullable(),
    durationMs: z.number().nullable(),
    detail: z.string().nullable(),
  })
  .meta({ id: "BuildStep" });
export type BuildStep = z.output<typeof BuildStep>;

export const Build = z
  .object({
    id: Id,
    workspaceId: Id,
    number: z.int(),
    kind: BuildKind,
    status: BuildStatus,
    initiator: z.string().nullable().describe("Username"),
    imageTag: z.string(),
    digest: z.string().nullable(),
    createdAt: Timestamp,
    startedAt: Timestamp.nullable(),
    finishedAt: Timestamp.nullable(),
    failure: Failure.nullable(),
    steps: z.array(BuildStep),
  })
  .meta({ id: "Build" });
export type Build = z.output<typeof Build>;

/** One line of a build's log, in the order of `seq`; `build` is always the last of a finished build. */
export const BuildLogEntry = z
  .discriminatedUnion("type", [
    z.object({ seq: z.int(), time: Timestamp, type: z.literal("step"), step: BuildStep }),
    z.object({
      seq: z.int(),
      time: Timestamp,
      type: z.literal("log"),
      step: z.string(),
      level: z.enum(["info", "warning", "error"]),
      message: z.string(),
    }),
    z.object({
      seq: z.int(),
      time: Timestamp,
      type: z.literal("layers"),
      currentBytes: z.number(),
      totalBytes: z.number(),
      layers: z.array(
        z.object({
          id: z.string(),
          status: z.enum(["waiting", "downloading", "verifying", "extracting", "done", "present"]),
          currentBytes: z.number(),
          totalBytes: z.number(),
        }),
      ),
    }),
    z.object({ seq: z.int(), time: Timestamp, type: z.literal("build"), build: Build }),
  ])
  .meta({ id: "BuildLogEntry" });
export type BuildLogEntry = z.output<typeof BuildLogEntry>;

export const Workspace = z
  .object({
    id: Id,
    organizationId: Id,
    owner: z.object({ id: Id, username: z.string() }),
    name: z.string(),
    image: z.object({ id: Id, repository: z.string(), tag: z.string(), reference: z.string() }),
    digest: z.string().nullable().describe("Pinned by the last build that resolved it"),
    ...sizes,
    status: WorkspaceStatus,
    desired: z.enum(["running", "stopped", "deleted"]),
    failure: Failure.nullable(),
    agent: z.object({ connected: z.boolean(), version: z.string().nullable(), connectedAt: Timestamp.nullable() }),
    latestBuild: Build.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    lastStartedAt: Timestamp.nullable(),
  })
  .meta({ id: "Workspace" });
export type Workspace = z.output<typeof Workspace>;

export const WorkspaceName = slug(32);
const workspaceParams = z.object({ workspaceId: Id });
const buildParams = z.object({ workspaceId: Id, buildId: Id });

const action = <const Path extends string>(path: Path, summary: string, problems: readonly string[]) =>
  route({
    method: "POST",
    path: `/workspaces/{workspaceId}/${path}`,
    summary,
    scope: "workspaces:write",
    params: workspaceParams,
    status: 202,
    response: Workspace,
    problems,
  });

export const workspaceRoutes = {
  listWorkspaces: route({
    method: "GET",
    path: "/workspaces",
    summary: "List workspaces; one's own unless `owner` says otherwise",
    scope: "workspaces:read",
    query: z.object({
      ...pageQuery,
      organizationId: Id.optional(),
      owner: z.string().max(64).default("me").describe("`me`, `all`, or a username"),
      name: line(64).optional(),
      imageId: Id.optional(),
      status: WorkspaceStatus.optional(),
    }),
    status: 200,
    response: pageOf(Workspace),
  }),
  createWorkspace: route({
    method: "POST",
    path: "/workspaces",
    summary: "Create a workspace and start it",
    scope: "workspaces:write",
    body: z.object({
      organizationId: Id.optional(),
      name: WorkspaceName,
      imageId: Id,
      tag: Tag.optional().describe("The image's default tag unless given"),
      cpu: sizes.cpu.optional(),
      memoryGb: sizes.memoryGb.optional(),
      diskGb: sizes.diskGb.optional(),
    }),
    status: 202,
    response: Workspace,
    problems: [
      "NAME_TAKEN",
      "IMAGE_DEPRECATED",
      "IMAGE_TAG_NOT_FOUND",
      "IMAGE_TAG_DECOMMISSIONED",
      "RESOURCES_TOO_LARGE",
      "IMAGE_PLATFORM_MISMATCH",
    ],
  }),
  getWorkspace: route({
    method: "GET",
    path: "/workspaces/{workspaceId}",
    summary: "Show a workspace",
    scope: "workspaces:read",
    params: workspaceParams,
    status: 200,
    response: Workspace,
  }),
  updateWorkspace: route({
    method: "PATCH",
    path: "/workspaces/{workspaceId}",
    summary: "Change sizes or tag; they apply at the next rebuild",
    scope: "workspaces:write",
    params: workspaceParams,
    body: z.object({
      cpu: sizes.cpu.optional(),
      memoryGb: sizes.memoryGb.optional(),
      diskGb: sizes.diskGb.optional(),
      tag: Tag.optional(),
    }),
    status: 200,
    response: Workspace,
    problems: ["DISK_CANNOT_SHRINK", "IMAGE_TAG_NOT_FOUND"],
  }),
  deleteWorkspace: route({
    method: "DELETE",
    path: "/workspaces/{workspaceId}",
    summary: "Delete a workspace and its home",
    scope: "workspaces:write",
    params: workspaceParams,
    status: 202,
    response: Workspace,
  }),
  startWorkspace: action("start", "Start a stopped workspace on the digest it is pinned to", ["WORKSPACE_DELETING"]),
  stopWorkspace: action("stop", "Stop a workspace; its home stays", ["WORKSPACE_DELETING"]),
  restartWorkspace: action("restart", "Stop and start, on the same digest", ["WORKSPACE_DELETING"]),
  rebuildWorkspace: action("rebuild", "Resolve the tag anew and start on what it points at, home kept", [
    "WORKSPACE_DELETING",
  ]),
  cancelBuild: action("cancel", "Cancel the build that is under way", ["BUILD_NOT_RUNNING"]),
  listBuilds: route({
    method: "GET",
    path: "/workspaces/{workspaceId}/builds",
    summary: "List a workspace's builds, newest first",
    scope: "workspaces:read",
    params: workspaceParams,
    query: z.object({ ...pageQuery }),
    status: 200,
    response: pageOf(Build),
  }),
  getBuild: route({
    method: "GET",
    path: "/workspaces/{workspaceId}/builds/{buildId}",
    summary: "Show a build",
    scope: "workspaces:read",
    params: buildParams,
    status: 200,
    response: Build,
  }),
  streamBuildLog: route({
    method: "GET",
    path: "/workspaces/{workspaceId}/builds/{buildId}/log",
    summary: "Read a build's log; with `follow`, until the build has ended",
    scope: "workspaces:read",
    params: buildParams,
    query: z.object({ follow: z.stringbool().default(false), after: z.coerce.number().int().min(0).default(0) }),
    status: 200,
    response: BuildLogEntry,
    stream: true,
  }),
  exec: route({
    method: "GET",
    path: "/workspaces/{workspaceId}/exec",
    summary: "Run a command in a running workspace; frames as in the agent protocol",
    scope: "workspaces:connect",
    params: workspaceParams,
    query: z.object({ exec: z.string().max(1_000_000).describe("base64url JSON: command, tty, env, cwd") }),
    status: 200,
    websocket: { subprotocol: "berth-exec.v1" },
    problems: ["WORKSPACE_NOT_RUNNING", "AGENT_UNREACHABLE"],
  }),
};
