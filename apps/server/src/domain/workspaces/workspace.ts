import type { BuildKind, BuildStatus, Failure, WorkspaceStatus } from "@berth/api";

export type Desired = "running" | "stopped" | "deleted";

export type BuildStep = {
  position: number;
  id: string;
  title: string;
  status: "running" | "succeeded" | "failed" | "canceled";
  detail: string | null;
  startedAt: Date;
  finishedAt: Date | null;
};

/** One attempt to bring a workspace where it was wanted, with its story. */
export type Build = {
  id: string;
  workspaceId: string;
  number: number;
  kind: BuildKind;
  status: BuildStatus;
  initiatorId: string | null;
  initiatorUsername: string | null;
  imageTag: string;
  /** Pinned as soon as the tag is resolved. */
  digest: string | null;
  cancelRequested: boolean;
  failure: Failure | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  steps: BuildStep[];
};

export type Workspace = {
  id: string;
  organizationId: string;
  ownerId: string;
  ownerUsername: string;
  ownerEmail: string;
  name: string;
  image: { id: string; repository: string; registryHost: string };
  imageTag: string;
  /** What start and restart run; resolved by create and rebuild. */
  digest: string | null;
  cpu: number;
  memoryGb: number;
  diskGb: number;
  desired: Desired;
  status: WorkspaceStatus;
  failure: Failure | null;
  agentVersion: string | null;
  agentConnectedAt: Date | null;
  /** Changes with every build that starts the workspace; the container carries it. */
  revision: string | null;
  version: number;
  latestBuild: Build | null;
  /** When an automatic attempt is due, after `attempts` that failed. */
  retryAt: Date | null;
  attempts: number;
  createdAt: Date;
  updatedAt: Date;
  lastStartedAt: Date | null;
};

/** Whether the build still has work to be done for it. */
export const isUnfinished = (build: Build | null): build is Build =>
  build !== null && (build.status === "pending" || build.status === "running");

/** Builds that end with a running workspace. */
export const bringsUp = (kind: BuildKind): boolean => kind !== "stop" && kind !== "delete";

/** A step as the API tells it. */
export function stepView(step: BuildStep) {
  const { startedAt, finishedAt } = step;
  return {
    id: step.id,
    title: step.title,
    status: step.status,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    durationMs: finishedAt ? finishedAt.getTime() - startedAt.getTime() : null,
    detail: step.detail,
  };
}
