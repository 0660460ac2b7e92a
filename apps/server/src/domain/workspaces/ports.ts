import type { BuildKind, BuildLogEntry, WorkspaceStatus } from "@berth/api";
import type { ProviderInfo } from "@berth/provider";
import type { AuditLog } from "../audit.ts";
import type { Transact } from "../transact.ts";
import type { Build, Desired, Workspace } from "./workspace.ts";

export type WorkspaceFilter = {
  /** Those one may see: own ones, and all of these organizations. */
  visibleTo: { userId: string; organizationIds: readonly string[] | "all" };
  organizationId?: string | undefined;
  ownerId?: string | undefined;
  ownerUsername?: string | undefined;
  name?: string | undefined;
  imageId?: string | undefined;
  status?: WorkspaceStatus | undefined;
  /** Continue after this one, in the order of creation, newest first. */
  after?: { createdAt: Date; id: string } | undefined;
  limit: number;
};

export type NewWorkspace = {
  id: string;
  organizationId: string;
  ownerId: string;
  name: string;
  imageId: string;
  imageTag: string;
  cpu: number;
  memoryGb: number;
  diskGb: number;
  revision: string;
  createdAt: Date;
};

export type NewBuild = {
  id: string;
  kind: BuildKind;
  initiatorId: string | null;
  imageTag: string;
  digest: string | null;
};

export type WorkspaceReads = {
  list(filter: WorkspaceFilter): Promise<Workspace[]>;
  find(id: string): Promise<Workspace | undefined>;
  listBuilds(workspaceId: string, page: { beforeNumber?: number; limit: number }): Promise<Build[]>;
  findBuild(workspaceId: string, buildId: string): Promise<Build | undefined>;
};

export type WorkspaceWrites = {
  /** Whether the person is a member; they stay one until the transaction ends. */
  holdMembership(userId: string, organizationId: string): Promise<boolean>;
  findForUpdate(id: string): Promise<Workspace | undefined>;
  /** Throws NAME_TAKEN, and NOT_FOUND when the image went away meanwhile. */
  insert(workspace: NewWorkspace): Promise<void>;
  insertBuild(workspaceId: string, build: NewBuild): Promise<void>;
  requestCancel(buildId: string): Promise<void>;
  want(
    workspaceId: string,
    change: { desired: Desired; status: WorkspaceStatus; revision?: string; failure?: null },
  ): Promise<void>;
  update(
    workspaceId: string,
    change: { cpu?: number; memoryGb?: number; diskGb?: number; imageTag?: string },
  ): Promise<void>;
};

/** What a workspace may be made from. */
export type OfferedImage = {
  id: string;
  organizationId: string;
  repository: string;
  cpu: number;
  memoryGb: number;
  diskGb: number;
  isDeprecated: boolean;
  defaultTag: string;
  tags: { tag: string; platforms: string[]; isDecommissioned: boolean }[];
};

type EntryBody<T> = T extends unknown ? Omit<T, "seq" | "time"> : never;
export type LogLine = { seq: number; time: Date; entry: EntryBody<BuildLogEntry> };

export type WorkspacesDeps = {
  workspaces: WorkspaceReads;
  transaction: Transact<{ workspaces: WorkspaceWrites; audit: AuditLog }>;
  images: { findOffered(imageId: string): Promise<OfferedImage | undefined> };
  organizations: { findDefault(): Promise<{ id: string } | undefined> };
  /** What the engine is; may be remembered for some seconds. Throws `ProviderError`. */
  engine(): Promise<ProviderInfo>;
  reconciler: { wake(workspaceId: string): void };
  clock: () => Date;
};
