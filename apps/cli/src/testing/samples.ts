import type { Build, BuildLogEntry, Image, Registry, User, Workspace } from "@berth/api";

const time = "2026-01-02T03:04:05.000Z";
export const ids = {
  organization: "00000000-0000-4000-8000-000000000001",
  user: "00000000-0000-4000-8000-000000000002",
  registry: "00000000-0000-4000-8000-000000000003",
  image: "00000000-0000-4000-8000-000000000004",
  workspace: "00000000-0000-4000-8000-000000000005",
  build: "00000000-0000-4000-8000-000000000006",
};
export const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

export const user: User = {
  id: ids.user,
  email: "ada@example.com",
  username: "ada",
  siteRole: "admin",
  status: "active",
  createdAt: time,
  lastSeenAt: null,
  organizations: [{ id: ids.organization, name: "default", role: "manager" }],
};

export const registry = (changes: Partial<Registry> = {}): Registry => ({
  id: ids.registry,
  organizationId: ids.organization,
  name: "prod",
  kind: "ecr",
  registry: host,
  ecr: { accountId: "123456789012", region: "eu-west-1", partition: "aws" },
  credentials: { accessKeyId: "AKIA…MPLE", setAt: time, setBy: "ada" },
  imageCount: 0,
  lastCheck: null,
  createdAt: time,
  updatedAt: time,
  ...changes,
});

export const image = (changes: Partial<Image> = {}): Image => ({
  id: ids.image,
  organizationId: ids.organization,
  registry: { id: ids.registry, name: "prod", host },
  repository: "team/base",
  description: "",
  sourceUrl: null,
  cpu: 2,
  memoryGb: 4,
  diskGb: 10,
  isDeprecated: false,
  defaultTag: "1",
  tags: [],
  workspaceCount: 0,
  createdAt: time,
  updatedAt: time,
  ...changes,
});

export const build = (changes: Partial<Build> = {}): Build => ({
  id: ids.build,
  workspaceId: ids.workspace,
  number: 1,
  kind: "create",
  status: "running",
  initiator: "ada",
  imageTag: "1",
  digest: null,
  createdAt: time,
  startedAt: time,
  finishedAt: null,
  failure: null,
  steps: [],
  ...changes,
});

export const workspace = (changes: Partial<Workspace> = {}): Workspace => ({
  id: ids.workspace,
  organizationId: ids.organization,
  owner: { id: ids.user, username: "ada" },
  name: "dev",
  image: { id: ids.image, repository: "team/base", tag: "1", reference: `${host}/team/base:1` },
  digest: null,
  cpu: 2,
  memoryGb: 4,
  diskGb: 10,
  status: "running",
  desired: "running",
  failure: null,
  agent: { connected: true, version: "0.1.0", connectedAt: time },
  latestBuild: null,
  createdAt: time,
  updatedAt: time,
  lastStartedAt: time,
  ...changes,
});

type Step = Extract<BuildLogEntry, { type: "step" }>["step"];

export const stepEntry = (
  seq: number,
  title: string,
  status: Step["status"],
  detail: string | null = null,
): BuildLogEntry => ({
  seq,
  time,
  type: "step",
  step: {
    id: title.toLowerCase(),
    title,
    status,
    startedAt: time,
    finishedAt: status === "running" ? null : time,
    durationMs: status === "running" ? null : 1200,
    detail,
  },
});

export const layersEntry = (seq: number, currentBytes: number): BuildLogEntry => ({
  seq,
  time,
  type: "layers",
  currentBytes,
  totalBytes: 1000,
  layers: [{ id: "sha256:0123456789abcdef", status: "downloading", currentBytes, totalBytes: 1000 }],
});

export const buildEntry = (seq: number, changes: Partial<Build> = {}): BuildLogEntry => ({
  seq,
  time,
  type: "build",
  build: build({ status: "succeeded", finishedAt: time, ...changes }),
});
