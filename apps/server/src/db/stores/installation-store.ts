import { randomUUID } from "node:crypto";
import type { InstallationStore } from "../../domain/accounts/setup.ts";
import type { Executor } from "../transaction.ts";

const defaultOrganization = "default";

export type Installation = { installationId: string; keyCheck: Buffer };

/** The one row that says what this installation is. */
export function installationStore(db: Executor): InstallationStore & {
  find(): Promise<Installation | undefined>;
  /** Makes the row and the default organization, unless another process has. */
  create(keyCheck: Buffer): Promise<void>;
} {
  return {
    async find() {
      const row = await db.selectFrom("installation").selectAll().executeTakeFirst();
      return row && { installationId: row.installation_id, keyCheck: row.key_check };
    },

    async create(keyCheck) {
      await db.transaction().execute(async (transaction) => {
        const made = await transaction
          .insertInto("installation")
          .values({ installation_id: randomUUID(), key_check: keyCheck })
          .onConflict((conflict) => conflict.doNothing())
          .returning("id")
          .executeTakeFirst();
        if (!made) return;
        const organization = { id: randomUUID(), name: defaultOrganization, is_default: true };
        await transaction.insertInto("organizations").values(organization).execute();
      });
    },

    async isSetUp() {
      const row = await db.selectFrom("installation").select("setup_completed_at").executeTakeFirst();
      return row !== undefined && row.setup_completed_at !== null;
    },

    async setSetupToken(hash) {
      const { numUpdatedRows } = await db
        .updateTable("installation")
        .set({ setup_token_hash: hash })
        .where("setup_completed_at", "is", null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    async completeSetup(hash) {
      const row = await db
        .selectFrom("installation")
        .select(["setup_token_hash", "setup_completed_at"])
        .forUpdate()
        .executeTakeFirstOrThrow();
      if (row.setup_completed_at !== null) return "done_before";
      if (hash !== undefined && !row.setup_token_hash?.equals(hash)) return "token_wrong";
      await db.updateTable("installation").set({ setup_completed_at: new Date(), setup_token_hash: null }).execute();
      return "done_now";
    },
  };
}
