import { type Kysely, sql } from "kysely";
import { StartupError } from "../domain/startup-error.ts";
import { migrations as allMigrations, type Migration } from "./migrations/index.ts";
import type { Database } from "./schema.ts";

/** One number for all of Berth, so that replicas starting together migrate once. */
const advisoryLock = 0x62657274;

const createTable = sql`CREATE TABLE IF NOT EXISTS schema_migrations (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`;

/**
 * Brings the schema up to date, all pending steps in one transaction: after a failure or a kill nothing has happened.
 * Throws StartupError when a newer Berth has been at this database.
 */
export async function migrate(db: Kysely<Database>, migrations = allMigrations): Promise<{ applied: string[] }> {
  return await db.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(${sql.lit(advisoryLock)})`.execute(transaction);
    await createTable.execute(transaction);
    const pending = pendingOf(await appliedVersions(transaction), migrations);
    for (const { version, name, up } of pending) {
      await up(transaction as unknown as Kysely<unknown>);
      await sql`INSERT INTO schema_migrations (version, name) VALUES (${version}, ${name})`.execute(transaction);
    }
    return { applied: pending.map(({ name }) => name) };
  });
}

async function appliedVersions(db: Kysely<Database>): Promise<number[]> {
  const { rows } = await sql<{ version: number }>`SELECT version FROM schema_migrations ORDER BY version`.execute(db);
  return rows.map(({ version }) => version);
}

function pendingOf(applied: readonly number[], migrations: readonly Migration[]): Migration[] {
  const newest = migrations.at(-1)?.version ?? 0;
  const found = applied.at(-1) ?? 0;
  if (found > newest) {
    throw new StartupError(
      `The database is at schema ${found}, and this version of Berth knows only ${newest}: run the version that made it, or a newer one.`,
    );
  }
  return migrations.filter(({ version }) => version > found);
}
