import { setTimeout as delay } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { Transact } from "../domain/transact.ts";
import { codeOf } from "./database-errors.ts";
import type { Database } from "./schema.ts";

/** A database or a transaction in it: what every store is made from. */
export type Executor = Kysely<Database>;

/** serialization_failure and deadlock_detected: nothing has happened, and a repetition may succeed. */
const retryable = new Set(["40001", "40P01"]);
const attempts = 3;

/**
 * Binds stores to transactions. The pattern, from end to end, is `domain/organizations.ts` (consumer-side types and a
 * `Transact`), `db/stores/organization-store.ts` (functions of an `Executor`) and the wiring
 * `transact(db, (tx) => ({ organizations: organizationStore(tx), audit: auditStore(tx) }))`.
 */
export function transact<Stores>(db: Executor, storesOf: (transaction: Executor) => Stores): Transact<Stores> {
  return async (work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await db.transaction().execute(async (transaction) => await work(storesOf(transaction)));
      } catch (error) {
        if (attempt >= attempts || !retryable.has(codeOf(error) ?? "")) throw error;
        // The winner of a deadlock needs a moment, or both meet again.
        await delay(attempt * (10 + Math.random() * 40));
      }
    }
  };
}
