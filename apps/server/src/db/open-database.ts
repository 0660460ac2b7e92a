import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import pg from "pg";
import { databaseError } from "./database-errors.ts";
import type { Database } from "./schema.ts";

/** Where PostgreSQL is: a URL, or the unix socket of the embedded server. */
export type DatabaseAddress = { url: string } | { socketDirectory: string; port: number; database: string };

export type OpenOptions = {
  address: DatabaseAddress;
  /** Connections of this process at most. */
  poolSize?: number;
  /** Told about errors of idle connections; queries report their own. */
  onIdleError(error: Error): void;
};

export type OpenedDatabase = {
  db: Kysely<Database>;
  /** Ends every connection, after the queries under way. */
  close(): Promise<void>;
};

const bigintOid = 20;

function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`A bigint outside the safe integers: ${text}`);
  return value;
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === bigintOid ? parseBigint : pg.types.getTypeParser(oid, format as "text")),
};

/** Settings of one connection, for the pool and for the listener alike. */
export function clientConfig(address: DatabaseAddress): pg.ClientConfig {
  const common = { types, connectionTimeoutMillis: 10_000, keepAlive: true, application_name: "berth" };
  if ("url" in address) return { ...common, connectionString: address.url };
  return {
    ...common,
    host: address.socketDirectory,
    port: address.port,
    database: address.database,
    user: "berth",
  };
}

/** Kysely knows a connection by its object, so each client is wrapped once. */
function withDatabaseErrors(pool: pg.Pool): PostgresPool {
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const wrap = (client: pg.PoolClient): PostgresPoolClient => ({
    query: ((sql: string, parameters: unknown[]) =>
      client.query(sql, parameters).catch((error: unknown) => {
        throw databaseError(error);
      })) as unknown as PostgresPoolClient["query"],
    release: (destroy) => client.release(destroy),
  });
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect().catch((error: unknown) => {
        throw databaseError(error);
      });
      const known = wrapped.get(client) ?? wrap(client);
      wrapped.set(client, known);
      return known;
    },
  };
}

/** Opens a pool; connects with the first query. Lost connections and a full disk come as BerthError. */
export function openDatabase(options: OpenOptions): OpenedDatabase {
  const pool = new pg.Pool({ ...clientConfig(options.address), max: options.poolSize ?? 10 });
  let isClosing = false;
  // The pool is ended before its connections are: what those say meanwhile is no news.
  const onIdleError = (error: Error) => {
    if (!isClosing) options.onIdleError(error);
  };
  pool.on("error", onIdleError);
  // A connection that dies while it is checked out would otherwise end the process.
  pool.on("connect", (client) => client.on("error", onIdleError));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: withDatabaseErrors(pool) }) });
  return {
    db,
    close: async () => {
      isClosing = true;
      if (!pool.ended) await pool.end();
    },
  };
}
