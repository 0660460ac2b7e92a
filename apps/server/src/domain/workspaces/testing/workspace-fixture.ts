import type { Build, Workspace } from "../workspace.ts";

const longAgo = new Date("2026-01-01T00:00:00Z");

/** A build that has succeeded, unless told otherwise. */
export function aBuild(change: Partial<Build> = {}): Build {
  return {
    id: "11111111-1111-4111-8111-111111111111",
    workspaceId: "22222222-2222-4222-8222-222222222222",
    number: 1,
    kind: "create",
    status: "succeeded",
    initiatorId: null,
    initiatorUsername: null,
    imageTag: "1",
    digest: null,
    cancelRequested: false,
    failure: null,
    createdAt: longAgo,
    startedAt: null,
    finishedAt: null,
    steps: [],
    ...change,
  };
}

/** A workspace that has been running for long, unless told otherwise. */
export function aWorkspace(change: Partial<Workspace> = {}): Workspace {
  return {
    id: "22222222-2222-4222-8222-222222222222",
    organizationId: "33333333-3333-4333-8333-333333333333",
    ownerId: "44444444-4444-4444-8444-444444444444",
    ownerUsername: "ada",
    ownerEmail: "ada@example.com",
    name: "dev",
    image: {
      id: "55555555-5555-4555-8555-555555555555",
      repository: "team/base",
      registryHost: "000000000000.dkr.ecr.us-east-1.amazonaws.com",
    },
    imageTag: "1",
    digest: `sha256:${"a".repeat(64)}`,
    cpu: 1,
    memoryGb: 1,
    diskGb: 10,
    desired: "running",
    status: "running",
    failure: null,
    agentVersion: "1",
    agentConnectedAt: null,
    revision: "66666666-6666-4666-8666-666666666666",
    version: 1,
    latestBuild: aBuild(),
    retryAt: null,
    attempts: 0,
    createdAt: longAgo,
    updatedAt: longAgo,
    lastStartedAt: longAgo,
    ...change,
  };
}
