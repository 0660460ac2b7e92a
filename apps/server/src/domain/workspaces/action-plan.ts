import type { BuildKind, WorkspaceStatus } from "@berth/api";
import { bringsUp, type Desired, isUnfinished, type Workspace } from "./workspace.ts";

export type Action = "start" | "stop" | "restart" | "rebuild" | "delete" | "cancel";

export type ActionPlan =
  /** It is so already, or on its way. */
  | { type: "nothing" }
  | { type: "refuse"; code: "WORKSPACE_DELETING" | "BUILD_NOT_RUNNING" }
  | { type: "build"; kind: BuildKind; desired: Desired; status: WorkspaceStatus }
  /** The build under way ends as canceled, and what it made is freed. */
  | { type: "cancel"; desired: Desired; status: WorkspaceStatus };

const build = (kind: BuildKind, desired: Desired, status: WorkspaceStatus): ActionPlan => ({
  type: "build",
  kind,
  desired,
  status,
});

/** What an action means in the state a workspace is in. Asking twice is asking once. */
export function planAction(workspace: Workspace, action: Action): ActionPlan {
  const current = isUnfinished(workspace.latestBuild) ? workspace.latestBuild : null;
  if (workspace.desired === "deleted") {
    return action === "delete" ? { type: "nothing" } : { type: "refuse", code: "WORKSPACE_DELETING" };
  }
  switch (action) {
    case "start": {
      const isOnItsWay = current !== null && bringsUp(current.kind) && !current.cancelRequested;
      if (workspace.desired === "running" && (isOnItsWay || workspace.status === "running")) return { type: "nothing" };
      return build("start", "running", "pending");
    }
    case "stop": {
      const isOnItsWay = current?.kind === "stop";
      if (workspace.desired === "stopped" && (isOnItsWay || workspace.status === "stopped")) return { type: "nothing" };
      return build("stop", "stopped", "stopping");
    }
    case "restart":
      return build("restart", "running", "pending");
    case "rebuild":
      return build("rebuild", "running", "pending");
    case "delete":
      return build("delete", "deleted", "deleting");
    case "cancel":
      if (current === null || !bringsUp(current.kind) || current.cancelRequested) {
        return { type: "refuse", code: "BUILD_NOT_RUNNING" };
      }
      return { type: "cancel", desired: "stopped", status: "stopping" };
  }
}
