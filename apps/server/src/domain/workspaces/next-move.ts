import type { Observation } from "@berth/provider";
import { isUnfinished, type Workspace } from "./workspace.ts";

type Exit = Extract<Observation, { state: "exited" }>;

/** What a reconciler should do next for a workspace; `settled` means nothing until something changes. */
export type Move =
  | { type: "settled" }
  /** Carry out the latest build, from wherever it was left. */
  | { type: "run-build" }
  /** The runtime lost what should run, or an attempt is due: a build of Berth's own brings it back. */
  | { type: "recover"; kind: "start" | "stop" | "delete"; attempts: number }
  /** It keeps ending by itself: say so, and wait before the next attempt (`null`: leave it to people). */
  | { type: "crashed"; exit: Exit; attempts: number; retryInMs: number | null }
  /** Its container runs but its agent is away. */
  | { type: "await-agent" }
  /** The agent is back. */
  | { type: "mark-running" };

const isUp = (workspace: Workspace) => workspace.status === "running" || workspace.status === "starting";

/** Whether the runtime has to be looked at before deciding. */
export function needsObservation(workspace: Workspace): boolean {
  return !isUnfinished(workspace.latestBuild) && workspace.desired === "running" && isUp(workspace);
}

const firstRetryMs = 5_000;
const longestRetryMs = 5 * 60_000;
/** A start that keeps failing is given up, and says so; stopping and deleting are tried for ever. */
const mostStartAttempts = 8;
/** Whoever ran this long did not crash at its start. */
const provenMs = 60_000;

/** Failures that pass by themselves; others need somebody, even where trying again is harmless. */
const passing = new Set([
  "ENGINE_UNREACHABLE",
  "REGISTRY_UNREACHABLE",
  "DATABASE_UNAVAILABLE",
  "NET_TIMEOUT",
  "DNS",
  "ECR_THROTTLED",
  "AWS_OUTAGE",
]);

/** When to try again by itself after `attempts` failures, or null to leave it to people. */
export function retryDelayMs(attempts: number, code: string, wants: Workspace["desired"]): number | null {
  if (wants === "running" && (!passing.has(code) || attempts >= mostStartAttempts)) return null;
  return Math.min(firstRetryMs * 2 ** Math.max(attempts - 1, 0), longestRetryMs);
}

function afterExit(workspace: Workspace, exit: Exit, now: Date): Move {
  const startedAt = workspace.lastStartedAt?.getTime() ?? 0;
  const attempts = now.getTime() - startedAt > provenMs ? 0 : workspace.attempts + 1;
  if (attempts <= 1) return { type: "recover", kind: "start", attempts };
  const retryInMs = attempts >= mostStartAttempts ? null : Math.min(firstRetryMs * 2 ** (attempts - 2), longestRetryMs);
  return { type: "crashed", exit, attempts, retryInMs };
}

function afterFailure(workspace: Workspace, now: Date): Move {
  const isDue = workspace.retryAt !== null && workspace.retryAt <= now;
  if (!isDue) return { type: "settled" };
  const kind = { running: "start", stopped: "stop", deleted: "delete" } as const;
  return { type: "recover", kind: kind[workspace.desired], attempts: workspace.attempts };
}

/** Decides; the reconciler acts. `observation` may be absent where `needsObservation` says no. */
export function nextMove(
  workspace: Workspace,
  seen: { observation?: Observation | undefined; isAgentConnected: boolean },
  now: Date,
): Move {
  if (isUnfinished(workspace.latestBuild)) return { type: "run-build" };
  if (workspace.status === "failed") return afterFailure(workspace, now);
  if (!isUp(workspace)) return { type: "settled" };
  // A start that was canceled at the very moment it succeeded.
  if (workspace.desired === "stopped") return { type: "recover", kind: "stop", attempts: 0 };
  if (seen.isAgentConnected) return workspace.status === "running" ? { type: "settled" } : { type: "mark-running" };
  const { observation } = seen;
  if (!observation) return { type: "settled" };
  if (observation.state === "absent" || observation.revision !== workspace.revision) {
    return { type: "recover", kind: "start", attempts: 0 };
  }
  if (observation.state === "exited") return afterExit(workspace, observation, now);
  return { type: "await-agent" };
}
