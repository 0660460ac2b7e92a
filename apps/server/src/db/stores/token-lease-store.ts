import { EventEmitter, once } from "node:events";
import type { LeaseStore } from "@berth/oci-ecr";
import { sql } from "kysely";
import type { SecretBox } from "../../secrets/envelope.ts";
import type { ChangeListener } from "../listen.ts";
import type { Executor } from "../transaction.ts";

export type TokenLeaseDeps = {
  db: Executor;
  secrets: SecretBox;
  changes: Pick<ChangeListener, "subscribe">;
};

/** A holder that dies says nothing, so whoever waits looks this often all the same. */
const pollMs = 500;
/** Tokens that nobody can use any more go with the next one that is stored. */
const keptAfterExpiry = sql`interval '1 hour'`;

const recordId = (key: string) => `registry_tokens/${key}/token`;

/** Shares registry tokens between replicas, sealed. Leases run on the database's clock, which all replicas agree on. */
export function tokenLeaseStore({ db, secrets, changes }: TokenLeaseDeps): LeaseStore {
  const isFree = async (key: string): Promise<boolean> => {
    const row = await db
      .selectFrom("registry_tokens")
      .select("id")
      .where("id", "=", key)
      .where("lease_until", ">", sql<Date>`now()`)
      .executeTakeFirst();
    return row === undefined;
  };

  return {
    async read(key) {
      const row = await db.selectFrom("registry_tokens").selectAll().where("id", "=", key).executeTakeFirst();
      if (!row?.token_envelope || !row.issued_at || !row.expires_at) return undefined;
      return {
        password: secrets.open(row.token_envelope, recordId(key)),
        issuedAtMs: row.issued_at.getTime(),
        expiresAtMs: row.expires_at.getTime(),
      };
    },

    async acquire(key, holder, ttlMs) {
      const until = sql<Date>`now() + ${ttlMs} * interval '1 millisecond'`;
      const row = await db
        .insertInto("registry_tokens")
        .values({ id: key, lease_holder: holder, lease_until: until })
        .onConflict((conflict) =>
          conflict
            .column("id")
            .doUpdateSet({ lease_holder: holder, lease_until: until })
            .where(sql<boolean>`registry_tokens.lease_until IS NULL OR registry_tokens.lease_until <= now()
              OR registry_tokens.lease_holder = ${holder}`),
        )
        .returning("id")
        .executeTakeFirst();
      return row !== undefined;
    },

    async publish(key, holder, { password, issuedAtMs, expiresAtMs }) {
      const row = await db
        .updateTable("registry_tokens")
        .set({
          token_envelope: secrets.seal(password, recordId(key)),
          issued_at: new Date(issuedAtMs),
          expires_at: new Date(expiresAtMs),
          lease_holder: null,
          lease_until: null,
        })
        .where("id", "=", key)
        .where("lease_holder", "=", holder)
        .where("lease_until", ">", sql<Date>`now()`)
        .returning("id")
        .executeTakeFirst();
      if (row === undefined) return false;
      await db
        .deleteFrom("registry_tokens")
        .where("id", "<>", key)
        .where(sql<boolean>`expires_at < now() - ${keptAfterExpiry} AND coalesce(lease_until <= now(), true)`)
        .execute();
      return true;
    },

    async release(key, holder) {
      await db
        .updateTable("registry_tokens")
        .set({ lease_holder: null, lease_until: null })
        .where("id", "=", key)
        .where("lease_holder", "=", holder)
        .execute();
    },

    async settled(key, timeoutMs, signal) {
      const wake = new EventEmitter();
      const unsubscribe = changes.subscribe("registry_tokens", ({ id }) => {
        if (id === key) wake.emit("change");
      });
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        while (!deadline.aborted) {
          signal.throwIfAborted();
          // Listening starts before looking, so that nothing is missed in between.
          const end = AbortSignal.any([signal, deadline, AbortSignal.timeout(pollMs)]);
          const woken = once(wake, "change", { signal: end }).catch(() => undefined);
          if (await isFree(key)) return;
          await woken;
        }
      } finally {
        unsubscribe();
      }
    },

    async remove(key) {
      await db.deleteFrom("registry_tokens").where("id", "=", key).execute();
    },
  };
}
