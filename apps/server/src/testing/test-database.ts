import { randomUUID } from "node:crypto";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { inject } from "vitest";
import { migrate } from "../db/migrate.ts";
import { clientConfig, type DatabaseAddress, type OpenedDatabase, openDatabase } from "../db/open-database.ts";
// The type of what the run provides is declared there.
import type {} from "./test-cluster.ts";

export type TestDatabase = OpenedDatabase & {
  address: DatabaseAddress;
  /** Ends the connections and drops the database. */
  drop(): Promise<void>;
};

/** Where the run's cluster is reachable; throws when it could not be started. */
function clusterAddress(): DatabaseAddress {
  const postgres = inject("postgres");
  if ("unavailable" in postgres) throw new Error(`There is no PostgreSQL for tests: ${postgres.unavailable}`);
  return postgres.address;
}

async function inCluster(statement: string): Promise<void> {
  const pool = new pg.Pool({ ...clientConfig(clusterAddress()), max: 1 });
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  try {
    await sql.raw(statement).execute(db);
  } finally {
    await db.destroy();
  }
}

/** A database of its own for a test file, empty or with the newest schema. Takes about 50 ms. */
export async function createTestDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const database = `test_${randomUUID().replaceAll("-", "")}`;
  await inCluster(`CREATE DATABASE ${database}`);
  const cluster = clusterAddress();
  const address = "url" in cluster ? cluster : { ...cluster, database };
  const opened = openDatabase({ address, poolSize: 10, onIdleError: () => undefined });
  if (options.migrated ?? true) await migrate(opened.db);
  return {
    ...opened,
    address,
    drop: async () => {
      await opened.close();
      await inCluster(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    },
  };
}
