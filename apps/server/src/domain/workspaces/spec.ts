import type { AgentLink, ImageSource, WorkspaceSpec } from "@berth/provider";
import type { Workspace } from "./workspace.ts";

const gib = 1024 ** 3;

/** The variables v1 gave its workspaces, so that images and scripts written for it keep working. */
export function workspaceEnv(workspace: Workspace, image: ImageSource, accessUrl: string): Record<string, string> {
  return {
    CODER_CPU_LIMIT: String(workspace.cpu),
    CODER_MEMORY_LIMIT: String(workspace.memoryGb),
    CODER_IMAGE_DIGEST: image.digest,
    CODER_IMAGE_TAG: workspace.imageTag,
    CODER_IMAGE_URI: image.reference,
    CODER_ORGANIZATION_ID: workspace.organizationId,
    CODER_RUNTIME: "docker",
    CODER_URL: accessUrl,
    CODER_USER_EMAIL: workspace.ownerEmail,
    CODER_USERNAME: workspace.ownerUsername,
    CODER_WORKSPACE_ID: workspace.id,
    CODER_WORKSPACE_NAME: workspace.name,
  };
}

/** What the provider is asked for. The workspace must have a revision. */
export function workspaceSpec(
  workspace: Workspace & { revision: string },
  parts: { image: ImageSource; agent: AgentLink; accessUrl: string },
): WorkspaceSpec {
  return {
    workspaceId: workspace.id,
    revision: workspace.revision,
    name: workspace.name,
    image: parts.image,
    resources: {
      cpus: workspace.cpu,
      memoryBytes: Math.round(workspace.memoryGb * gib),
      diskBytes: workspace.diskGb * gib,
    },
    env: workspaceEnv(workspace, parts.image, parts.accessUrl),
    agent: parts.agent,
  };
}
