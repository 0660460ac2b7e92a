import type { ReconcileStore } from "./store-port.ts";

export const leaseMs = 15_000;
const heartbeatMs = 5_000;

/** A workspace is worked on by one process at a time. */
export type Lease = {
  /** Aborted when the lease is lost: another process may be at work now. */
  signal: AbortSignal;
  release(): Promise<void>;
};

/** Takes the lease of a workspace and keeps it; undefined when another living process has it. */
export async function takeLease(store: ReconcileStore, workspaceId: string, owner: string): Promise<Lease | undefined> {
  if (!(await store.acquire(workspaceId, owner, leaseMs))) return undefined;
  const lost = new AbortController();
  let heldUntil = performance.now() + leaseMs;
  const renew = async () => {
    const asked = performance.now();
    try {
      if (await store.renew(workspaceId, owner, leaseMs)) heldUntil = asked + leaseMs;
      else lost.abort(new Error("The lease was taken by another process."));
    } catch {
      // The database is away; the lease holds until it runs out.
      if (performance.now() > heldUntil) lost.abort(new Error("The lease ran out while the database was away."));
    }
  };
  const timer = setInterval(() => void renew(), heartbeatMs);
  return {
    signal: lost.signal,
    async release() {
      clearInterval(timer);
      if (!lost.signal.aborted) await store.release(workspaceId, owner).catch(() => undefined);
    },
  };
}
