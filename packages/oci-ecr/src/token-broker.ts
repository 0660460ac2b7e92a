import { randomUUID } from "node:crypto";
import { RegistryError } from "@berth/oci";
import type { LeaseStore } from "./lease-store.ts";
import { type FetchToken, fetchUnderLease } from "./leased-fetch.ts";
import {
  afterFailure,
  afterToken,
  decide,
  isJustIssued,
  type RegistryToken,
  remainingMs,
  type TokenState,
} from "./token-state.ts";

export type TokenBrokerOptions = {
  clock?: { now(): number };
  /** In [0, 1); spreads the renewals of many registries. */
  random?: () => number;
  lease?: LeaseStore;
  /** A fetch that takes longer is given up, whoever waits for it. */
  fetchTimeoutMs?: number;
};

export type TokenRequest = {
  /** Identity, partition and region; a hash, because it leaves the process with a lease store. */
  key: string;
  fetch: FetchToken;
  minRemainingMs: number;
  signal?: AbortSignal;
};

const maxEntries = 1_000;

type Entry = { state: TokenState; flight?: Promise<void> };

/**
 * Hands out registry tokens. For each key there is at most one fetch at a time, however many ask; tokens are renewed
 * at half their life while the old one is still handed out; after a denial nothing is. Who stops waiting does not
 * stop the fetch for the others.
 */
export class TokenBroker {
  readonly #entries = new Map<string, Entry>();
  readonly #options: TokenBrokerOptions;
  readonly #now: () => number;
  readonly #holder = randomUUID();
  readonly #closing = new AbortController();

  constructor(options: TokenBrokerOptions = {}) {
    this.#options = options;
    const { clock } = options;
    this.#now = clock === undefined ? Date.now : () => clock.now();
  }

  /** A token good for at least `minRemainingMs`; throws what the fetch threw, or the signal's reason. */
  async get(request: TokenRequest): Promise<RegistryToken> {
    request.signal?.throwIfAborted();
    for (let round = 0; ; round++) {
      const entry = this.#entryOf(request.key);
      const decision = decide(entry.state, this.#now(), request.minRemainingMs);
      if (decision.kind === "hand-out") {
        if (decision.refresh) void this.#fly(entry, request);
        return decision.token;
      }
      if (decision.kind === "refuse") throw decision.error;
      const { token } = entry.state;
      // A second round can be needed when the flight was for someone content with less.
      if (round >= 2 || (token !== undefined && isJustIssued(token, this.#now()))) {
        throw entry.state.failure?.error ?? new RegistryError("ECR_TOKEN_TOO_SHORT");
      }
      await waitFor(this.#fly(entry, request), request.signal);
    }
  }

  /** Lets the next question try again although the last attempt failed. */
  retryNow(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.state.failure === undefined) return;
    const { failure: _, ...state } = entry.state;
    entry.state = state;
  }

  /** Drops what is known for a key, here and in the lease store. A fetch under way then stores nothing. */
  async forget(key: string): Promise<void> {
    this.#entries.delete(key);
    if (this.#options.lease === undefined) return;
    await this.#options.lease.remove(key);
    // Someone may have asked meanwhile and taken the token that was just removed.
    this.#entries.delete(key);
  }

  /** Gives up fetches under way. */
  close(): void {
    this.#closing.abort(new Error("The token broker was closed."));
    this.#entries.clear();
  }

  #entryOf(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= maxEntries) this.#prune();
    const entry: Entry = { state: {} };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Mistyped keys leave entries behind that nobody asks for again. */
  #prune(): void {
    const now = this.#now();
    for (const [key, { state, flight }] of this.#entries) {
      const isAlive = state.token !== undefined && remainingMs(state.token, now) > 0;
      if (flight === undefined && !isAlive && now >= (state.failure?.untilMs ?? 0)) this.#entries.delete(key);
    }
  }

  /** Joins the fetch under way, or starts one. It never rejects: its outcome is the entry's state. */
  #fly(entry: Entry, request: TokenRequest): Promise<void> {
    entry.flight ??= this.#fetch(entry, request).finally(() => {
      delete entry.flight;
    });
    return entry.flight;
  }

  async #fetch(entry: Entry, request: TokenRequest): Promise<void> {
    const { random = Math.random, fetchTimeoutMs = 45_000 } = this.#options;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(fetchTimeoutMs)]);
    try {
      const token = await this.#fetchOnce(request, signal);
      entry.state = afterToken(token, random());
    } catch (error) {
      const known =
        error instanceof RegistryError ? error : new RegistryError("NET_TIMEOUT", { phase: "fetching a token" });
      entry.state = afterFailure(entry.state, known, this.#now());
    }
  }

  #fetchOnce({ key, fetch, minRemainingMs }: TokenRequest, signal: AbortSignal): Promise<RegistryToken> {
    const { lease: store } = this.#options;
    if (store === undefined) return fetch(signal);
    // Another replica's token saves the call only while it is in the first half of its life.
    const isGood = (token: RegistryToken) => {
      const restMs = remainingMs(token, this.#now());
      return restMs >= minRemainingMs && restMs > (token.expiresAtMs - token.issuedAtMs) * 0.55;
    };
    return fetchUnderLease({ store, key, holder: this.#holder, isGood, fetch, signal });
  }
}

/** Waits for a shared piece of work until `signal` aborts, without stopping the work. */
async function waitFor(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
