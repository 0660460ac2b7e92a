import type { Failure, WorkspaceStatus } from "@berth/api";
import type { Workspace } from "../domain/workspaces/workspace.ts";

export type BuildOutcome = {
  buildStatus: "succeeded" | "failed" | "canceled";
  failure: Failure | null;
  status: WorkspaceStatus;
  retryAt: Date | null;
  attempts: number;
};

/** What a reconciler needs of the database. Writes demand the lease: a process that lost it changes nothing. */
export type ReconcileStore = {
  find(id: string): Promise<Workspace | undefined>;
  latestBuild(workspaceId: string): Promise<{ id: string; cancelRequested: boolean } | undefined>;
  listDue(): Promise<{ id: string; revision: string | null; isUp: boolean }[]>;
  acquire(workspaceId: string, owner: string, leaseMs: number): Promise<boolean>;
  renew(workspaceId: string, owner: string, leaseMs: number): Promise<boolean>;
  release(workspaceId: string, owner: string): Promise<void>;
  beginBuild(workspaceId: string, owner: string, buildId: string, status: WorkspaceStatus): Promise<boolean>;
  pinDigest(workspaceId: string, owner: string, buildId: string, digest: string): Promise<boolean>;
  finishBuild(workspaceId: string, owner: string, buildId: string, outcome: BuildOutcome): Promise<boolean>;
  setStatus(workspaceId: string, owner: string, status: WorkspaceStatus): Promise<void>;
  recover(
    workspace: Workspace,
    owner: string,
    plan: { kind: "start" | "stop" | "delete"; attempts: number },
  ): Promise<boolean>;
  crashed(
    workspaceId: string,
    owner: string,
    change: { failure: Failure; attempts: number; retryAt: Date | null },
  ): Promise<void>;
  deleteWorkspace(workspaceId: string, owner: string): Promise<void>;
};
