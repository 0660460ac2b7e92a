import { sql } from "kysely";
import type { Executor } from "./transaction.ts";

/** Resolves when the database answers. Throws DATABASE_UNAVAILABLE. */
export async function pingDatabase(db: Executor): Promise<void> {
  await sql`SELECT 1`.execute(db);
}
