import type { Observation } from "@berth/provider";
import type { ContainerInspect } from "./engine-types.ts";
import { labelKeys } from "./labels.ts";

/** Reads what an engine says about a workspace's container. `undefined`: it is gone, or going. */
export function observeContainer(container: ContainerInspect | undefined): Observation | undefined {
  if (!container) return undefined;
  const { State: state, Config: config } = container;
  const revision = config.Labels?.[labelKeys.revision] ?? "";
  switch (state.Status) {
    case "created":
      return { state: "starting", revision };
    case "running":
    case "paused":
    case "restarting":
      return {
        state: "running",
        revision,
        startedAt: new Date(state.StartedAt),
        imageDigest: config.Labels?.[labelKeys.digest],
      };
    case "removing":
      return undefined;
    default:
      return {
        state: "exited",
        revision,
        exitCode: state.ExitCode,
        outOfMemory: state.OOMKilled,
        finishedAt: new Date(state.FinishedAt),
      };
  }
}
