export type ListingCacheOptions<Value> = {
  /** Younger than this, a listing is handed out as it is. */
  freshMs: number;
  /** Younger than this, it is still handed out, while a newer one is fetched beside. At least `freshMs`. */
  staleMs: number;
  /** Bound on the sum of `weigh` over everything held; the least recently used go first. */
  maxWeight: number;
  weigh(value: Value): number;
  now(): number;
};

type Entry<Value> = { value: Value; loadedAt: number; weight: number };
type Load<Value> = (signal: AbortSignal) => Promise<Value>;

/**
 * Keeps listings that take many upstream calls for a short while: one load a key at a time, however many ask, and a
 * bounded amount in memory. A load that fails is told to everyone who waits and is not kept; a stale listing whose
 * renewal is refused is dropped, so that a withdrawn permission shows at the next look.
 */
export class ListingCache<Value> {
  readonly #options: ListingCacheOptions<Value>;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #loads = new Map<string, Promise<Value>>();
  readonly #closing = new AbortController();
  #weight = 0;

  constructor(options: ListingCacheOptions<Value>) {
    this.#options = options;
  }

  /** The listing of `key`. `load` is given the cache's own signal, since several may wait for it; `signal` ends only this wait. */
  async get(key: string, load: Load<Value>, signal: AbortSignal): Promise<Value> {
    signal.throwIfAborted();
    const entry = this.#entries.get(key);
    const age = entry ? this.#options.now() - entry.loadedAt : Number.POSITIVE_INFINITY;
    if (!entry || age >= this.#options.staleMs) return abortable(this.#load(key, load), signal);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (age >= this.#options.freshMs) this.#load(key, load).catch(() => this.#drop(key));
    return entry.value;
  }

  /** Forgets every listing whose key starts with `prefix`; loads under way finish, but are not kept. */
  purge(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#drop(key);
    for (const key of this.#loads.keys()) if (key.startsWith(prefix)) this.#loads.delete(key);
  }

  /** Ends what is being loaded. */
  close(): void {
    this.#closing.abort();
    this.#entries.clear();
  }

  #load(key: string, load: Load<Value>): Promise<Value> {
    const underWay = this.#loads.get(key);
    if (underWay) return underWay;
    const loading = load(this.#closing.signal).then(
      (value) => {
        if (this.#loads.get(key) === loading) this.#keep(key, value);
        return value;
      },
      (error: unknown) => {
        if (this.#loads.get(key) === loading) this.#loads.delete(key);
        throw error;
      },
    );
    this.#loads.set(key, loading);
    return loading;
  }

  #keep(key: string, value: Value): void {
    this.#loads.delete(key);
    this.#drop(key);
    const weight = this.#options.weigh(value);
    if (weight > this.#options.maxWeight) return;
    this.#entries.set(key, { value, weight, loadedAt: this.#options.now() });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#options.maxWeight) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }
}

function abortable<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
