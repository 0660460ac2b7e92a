import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { clientConfig, type DatabaseAddress } from "./open-database.ts";

/** Class of the advisory locks by which processes show that they live. */
export const presenceLockClass = 47_110;

/**
 * Holds a lock for as long as this process has a database session, so that the leases of a process that was killed are
 * free at once instead of when they run out. Resolves once it is held; comes back by itself after a lost connection.
 */
export async function showPresence(options: {
  address: DatabaseAddress;
  owner: string;
  onLost(error: Error): void;
}): Promise<{ close(): Promise<void> }> {
  const stop = new AbortController();
  let current: pg.Client | undefined;
  const connect = async (): Promise<{ ended: Promise<Error> }> => {
    const client = new pg.Client(clientConfig(options.address));
    const ended = new Promise<Error>((resolve) => {
      client.on("error", resolve);
      client.on("end", () => resolve(new Error("The presence connection ended.")));
    });
    await client.connect();
    await client.query("SELECT pg_advisory_lock($1, hashtext($2))", [presenceLockClass, options.owner]);
    current = client;
    return { ended };
  };
  const keep = async (first: { ended: Promise<Error> }) => {
    let connection: { ended: Promise<Error> } | undefined = first;
    while (!stop.signal.aborted) {
      if (connection) {
        const error = await connection.ended;
        if (stop.signal.aborted) return;
        options.onLost(error);
        await current?.end().catch(() => undefined);
      }
      await delay(200, undefined, { signal: stop.signal }).catch(() => undefined);
      connection = stop.signal.aborted ? undefined : await connect().catch(() => undefined);
    }
  };
  const kept = keep(await connect());
  return {
    async close() {
      stop.abort();
      await current?.end().catch(() => undefined);
      await kept;
    },
  };
}
