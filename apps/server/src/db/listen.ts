import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { clientConfig, type DatabaseAddress } from "./open-database.ts";

/** A row that changed. `version` is empty for deleted rows and for tables without versions. */
export type RowChanged = { id: string; version: string };

export type ListenOptions = {
  address: DatabaseAddress;
  /** Told when the connection is lost; it is being made anew. */
  onLost(error: Error): void;
};

const channel = "berth";
const retryDelaysMs = [50, 100, 200, 500, 1000, 2000];

type Connection = { client: pg.Client; ended: Promise<Error> };

async function connect(address: DatabaseAddress, onPayload: (payload: string) => void): Promise<Connection> {
  const client = new pg.Client(clientConfig(address));
  const ended = new Promise<Error>((resolve) => {
    client.on("error", resolve);
    client.on("end", () => resolve(new Error("The listening connection ended.")));
  });
  client.on("notification", ({ payload }) => payload && onPayload(payload));
  try {
    await client.connect();
    await client.query(`LISTEN ${channel}`);
    return { client, ended };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Adds to a set and gives the removal. */
function add<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => {
    set.delete(item);
  };
}

/** Hears of committed changes, on a connection of its own that is made anew whenever it breaks. */
export class ChangeListener {
  readonly #options: ListenOptions;
  readonly #subscribers = new Map<string, Set<(change: RowChanged) => void>>();
  readonly #gapCallbacks = new Set<() => void>();
  readonly #stop = new AbortController();
  #connection: Connection | undefined;
  #watching: Promise<void> = Promise.resolve();

  private constructor(options: ListenOptions) {
    this.#options = options;
  }

  /** Resolves once it listens. */
  static async start(options: ListenOptions): Promise<ChangeListener> {
    const listener = new ChangeListener(options);
    listener.#connection = await connect(options.address, (payload) => listener.#dispatch(payload));
    listener.#watching = listener.#watch();
    return listener;
  }

  /** Calls back for every committed change of a table; the result ends it. Callbacks must not throw. */
  subscribe(table: string, callback: (change: RowChanged) => void): () => void {
    const callbacks = this.#subscribers.get(table) ?? new Set();
    this.#subscribers.set(table, callbacks);
    return add(callbacks, callback);
  }

  /** Calls back after each reconnection, when changes may have been missed: look at everything again. */
  onGap(callback: () => void): () => void {
    return add(this.#gapCallbacks, callback);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#connection?.client.end().catch(() => undefined);
    await this.#watching;
  }

  #dispatch(payload: string): void {
    const [table = "", id = "", version = ""] = payload.split(" ");
    for (const callback of this.#subscribers.get(table) ?? []) callback({ id, version });
  }

  async #watch(): Promise<void> {
    while (this.#connection) {
      const error = await this.#connection.ended;
      if (this.#stop.signal.aborted) return;
      this.#options.onLost(error);
      await this.#connection.client.end().catch(() => undefined);
      this.#connection = await this.#reconnect();
      if (this.#connection) for (const callback of this.#gapCallbacks) callback();
    }
  }

  async #reconnect(): Promise<Connection | undefined> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const waitMs = retryDelaysMs[Math.min(attempt, retryDelaysMs.length - 1)];
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      const connection = await connect(this.#options.address, (payload) => this.#dispatch(payload)).catch(
        () => undefined,
      );
      if (connection && signal.aborted) await connection.client.end();
      else if (connection) return connection;
    }
    return undefined;
  }
}
