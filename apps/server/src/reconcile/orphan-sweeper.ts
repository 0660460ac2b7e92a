import type { WorkspaceProvider } from "@berth/provider";
import type { Log } from "./ports.ts";

export type OrphanSweeperDeps = {
  provider: WorkspaceProvider;
  /** Of these workspaces, those that exist. */
  filterWanted(workspaceIds: string[]): Promise<{ id: string; desired: string; status: string }[]>;
  log: Log;
};

/**
 * Removes what this installation made on the engine and nobody refers to any more, and compute of workspaces that are
 * stopped. The engine is asked first: a workspace has its row before anything is made for it.
 */
export async function sweepOrphans(deps: OrphanSweeperDeps, signal: AbortSignal): Promise<number> {
  const seen = await deps.provider.list(signal);
  const wanted = new Map((await deps.filterWanted(seen.map((item) => item.workspaceId))).map((row) => [row.id, row]));
  let count = 0;
  for (const { workspaceId, observation } of seen) {
    signal.throwIfAborted();
    const row = wanted.get(workspaceId);
    if (!row) {
      await deps.provider.remove(workspaceId, signal);
      deps.log.info({ workspaceId }, "removed what a workspace that is gone had left on the engine");
      count += 1;
    } else if (row.desired === "stopped" && row.status === "stopped" && observation.state !== "absent") {
      await deps.provider.stop(workspaceId, signal);
      deps.log.info({ workspaceId }, "freed the container of a workspace that is stopped");
      count += 1;
    }
  }
  return count;
}
