import type { LeaseStore, SharedToken } from "./lease-store.ts";
import type { RegistryToken } from "./token-state.ts";

export type FetchToken = (signal: AbortSignal) => Promise<RegistryToken>;

const leaseMs = 15_000;
const waitMs = 5_000;

type LeasedFetch = {
  store: LeaseStore;
  key: string;
  holder: string;
  /** Whether a token that another replica published will do. */
  isGood: (token: SharedToken) => boolean;
  fetch: FetchToken;
  signal: AbortSignal;
};

/**
 * Fetches a token as the one replica that does, or takes the one that another has just fetched. The store only saves
 * calls: when it fails, or a holder died, or takes longer than a lease, the token is fetched here and now.
 */
export async function fetchUnderLease(work: LeasedFetch): Promise<RegistryToken> {
  const { store, key, holder, fetch, signal } = work;
  const shared = await tolerate(() => waitForTurn(work));
  signal.throwIfAborted();
  if (shared?.token !== undefined) return shared.token;
  try {
    const token = await fetch(signal);
    await tolerate(() => store.publish(key, holder, token));
    return token;
  } catch (error) {
    await tolerate(() => store.release(key, holder));
    throw error;
  }
}

/** Resolves with another's token, or without one when it is our turn to fetch. */
async function waitForTurn({ store, key, holder, isGood, signal }: LeasedFetch): Promise<{ token?: RegistryToken }> {
  for (let waitedMs = 0; waitedMs <= leaseMs; waitedMs += waitMs) {
    const token = await store.read(key);
    if (token !== undefined && isGood(token)) return { token };
    if (await store.acquire(key, holder, leaseMs)) {
      // Whoever had the lease before may have published since the look above.
      const published = await store.read(key);
      if (published === undefined || !isGood(published)) return {};
      await store.release(key, holder);
      return { token: published };
    }
    await store.settled(key, waitMs, signal);
  }
  return {};
}

async function tolerate<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch {
    return undefined;
  }
}
