/** A registry token as replicas share it. `password` is a secret: an adapter that persists it must encrypt it. */
export type SharedToken = { password: string; issuedAtMs: number; expiresAtMs: number };

/**
 * Lets one of several replicas fetch a token while the others wait for it. Keys are hashes, never secrets.
 * A store that fails must throw: the broker then fetches on its own.
 */
export interface LeaseStore {
  /** The last published token, expired or not. */
  read(key: string): Promise<SharedToken | undefined>;
  /** Takes the lease for `ttlMs` unless another holder has it; taking one's own again extends it. */
  acquire(key: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Stores the token and ends the lease; false, and nothing stored, when the lease was lost. */
  publish(key: string, holder: string, token: SharedToken): Promise<boolean>;
  /** Ends the lease if `holder` still has it. */
  release(key: string, holder: string): Promise<void>;
  /** Resolves when the lease of `key` is free, at the latest after `timeoutMs`; rejects with the signal's reason. */
  settled(key: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Deletes the token and ends the lease, so that a fetch begun before can no longer publish. */
  remove(key: string): Promise<void>;
}

type Lease = { holder: string; untilMs: number };

/** A lease store inside one process: for several brokers in it, and the reference for the contract. */
export class MemoryLeaseStore implements LeaseStore {
  readonly #tokens = new Map<string, SharedToken>();
  readonly #leases = new Map<string, Lease>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async read(key: string): Promise<SharedToken | undefined> {
    return this.#tokens.get(key);
  }

  async acquire(key: string, holder: string, ttlMs: number): Promise<boolean> {
    const lease = this.#liveLease(key);
    if (lease !== undefined && lease.holder !== holder) return false;
    this.#leases.set(key, { holder, untilMs: this.#now() + ttlMs });
    return true;
  }

  async publish(key: string, holder: string, token: SharedToken): Promise<boolean> {
    if (this.#liveLease(key)?.holder !== holder) return false;
    this.#tokens.set(key, token);
    this.#end(key);
    return true;
  }

  async release(key: string, holder: string): Promise<void> {
    if (this.#leases.get(key)?.holder === holder) this.#end(key);
  }

  async settled(key: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const lease = this.#liveLease(key);
    if (lease === undefined) return;
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    const timer = setTimeout(resolve, Math.min(timeoutMs, lease.untilMs - this.#now()));
    waiting.add(resolve);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(resolve);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async remove(key: string): Promise<void> {
    this.#tokens.delete(key);
    this.#end(key);
  }

  #liveLease(key: string): Lease | undefined {
    const lease = this.#leases.get(key);
    return lease !== undefined && this.#now() < lease.untilMs ? lease : undefined;
  }

  #end(key: string): void {
    this.#leases.delete(key);
    for (const wake of this.#waiting.get(key) ?? []) wake();
    this.#waiting.delete(key);
  }
}
