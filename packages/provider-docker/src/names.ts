import { createHash } from "node:crypto";

/** Shortens an id of any format; a hash, because ids made at the same time share their beginnings. */
function short(id: string, length: number): string {
  return createHash("sha256").update(id).digest("hex").slice(0, length);
}

function sanitized(name: string, length: number): string {
  const clean = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, length)
    .replace(/^-+|-+$/g, "");
  return clean === "" ? "workspace" : clean;
}

/** The prefix of everything an installation makes. */
function prefix(installationId: string): string {
  return `berth-${short(installationId, 6)}`;
}

/** Names a workspace's container so that people who look at the engine recognise it. */
export function containerName(installationId: string, workspace: { workspaceId: string; name: string }): string {
  return `${prefix(installationId)}-${sanitized(workspace.name, 40)}-${short(workspace.workspaceId, 10)}`;
}

/** Names the home volume; without the workspace's name, which may change while home stays. */
export function homeVolumeName(installationId: string, workspaceId: string): string {
  return `${prefix(installationId)}-home-${short(workspaceId, 10)}`;
}

/** Names the volume of a directory inside home that the image declares as a volume of its own. */
export function homePartVolumeName(installationId: string, workspaceId: string, path: string): string {
  return `${homeVolumeName(installationId, workspaceId)}-${short(path, 6)}`;
}

/** Names a volume that holds the agent; `attempt` tells one filling from another. */
export function agentVolumeName(
  installationId: string,
  agent: { version: string; architecture: string },
  attempt: string,
): string {
  return `${prefix(installationId)}-agent-${sanitized(`${agent.version}-${agent.architecture}`, 40)}-${attempt}`;
}

/** Names a container that is made only to read or fill something and never started. */
export function helperName(installationId: string, attempt: string): string {
  return `${prefix(installationId)}-helper-${attempt}`;
}

/** Makes a valid host name of at most 63 characters. */
export function hostName(name: string): string {
  return sanitized(name, 63);
}
