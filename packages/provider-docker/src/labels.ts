/** Labels on everything this provider makes, so that it can be found again and nothing else is touched. */
export const labelKeys = {
  installation: "berth.installation",
  workspace: "berth.workspace",
  revision: "berth.revision",
  kind: "berth.kind",
  digest: "berth.image-digest",
  agent: "berth.agent",
} as const;

/** `helper`: a container never started, made to read an image or to fill a volume. */
export type ObjectKind = "workspace" | "home" | "agent" | "helper";

export type Labels = Record<string, string>;

/** Labels of a workspace's container. */
export function workspaceLabels(
  installationId: string,
  spec: { workspaceId: string; revision: string; image: { digest: string } },
): Labels {
  return {
    ...kindLabels(installationId, "workspace"),
    [labelKeys.workspace]: spec.workspaceId,
    [labelKeys.revision]: spec.revision,
    [labelKeys.digest]: spec.image.digest,
  };
}

/** Labels of a home volume. */
export function homeLabels(installationId: string, workspaceId: string): Labels {
  return { ...kindLabels(installationId, "home"), [labelKeys.workspace]: workspaceId };
}

/** Labels of a volume that holds one version of the agent. */
export function agentLabels(installationId: string, agent: { version: string; architecture: string }): Labels {
  return { ...kindLabels(installationId, "agent"), [labelKeys.agent]: `${agent.version}/${agent.architecture}` };
}

/** Labels that say whose and what, and also the filter that finds all of them. */
export function kindLabels(installationId: string, kind: ObjectKind): Labels {
  return { [labelKeys.installation]: installationId, [labelKeys.kind]: kind };
}

/** Writes labels as an engine filter. */
export function labelFilter(labels: Labels): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

/** Whether an object carries all of these labels. */
export function carries(labels: Labels, actual: Labels | null | undefined): boolean {
  return Object.entries(labels).every(([key, value]) => actual?.[key] === value);
}
