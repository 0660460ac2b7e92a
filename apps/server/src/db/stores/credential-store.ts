import type { ApiToken, TokenScope } from "@berth/api";
import { jsonArrayFrom } from "kysely/helpers/postgres";
import { z } from "zod";
import type { CredentialStore, FoundCredential } from "../../domain/accounts/account.ts";
import { BerthError } from "../../domain/berth-error.ts";
import { decodeCursor, pageFrom } from "../../domain/page.ts";
import { onViolation } from "../database-errors.ts";
import type { Row } from "../schema.ts";
import type { Executor } from "../transaction.ts";

const Cursor = z.tuple([z.string(), z.uuid()]);

/** Who people are, and what they are in every organization: the core of an actor. */
function selectOwners(db: Executor) {
  return db
    .selectFrom("users")
    .select(["users.id as user_id", "users.username", "users.site_role", "users.status"])
    .select((user) =>
      jsonArrayFrom(
        user
          .selectFrom("organization_members as member")
          .select(["member.organization_id as organizationId", "member.role"])
          .whereRef("member.user_id", "=", "users.id"),
      ).as("memberships"),
    );
}

type CredentialRow = Awaited<ReturnType<ReturnType<typeof selectOwners>["executeTakeFirstOrThrow"]>> & {
  id: string;
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date;
};

function credentialFrom(row: CredentialRow, scopes: readonly TokenScope[]): FoundCredential {
  const { user_id: userId, username, site_role: siteRole, status, memberships } = row;
  return {
    id: row.id,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    scopes,
    user: { userId, username, siteRole, status, memberships },
  };
}

function tokenFrom(row: Row<"api_tokens">): ApiToken {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  };
}

export function credentialStore(db: Executor): CredentialStore {
  return { ...lookups(db), ...sessions(db), ...tokens(db) };
}

function lookups(db: Executor): Pick<CredentialStore, "findSession" | "findToken" | "touch"> {
  return {
    async findSession(secretHash) {
      const row = await selectOwners(db)
        .innerJoin("sessions as shown", "shown.user_id", "users.id")
        .select(["shown.id", "shown.created_at", "shown.last_used_at", "shown.expires_at"])
        .where("shown.secret_hash", "=", secretHash)
        .executeTakeFirst();
      return row && credentialFrom(row, ["all"]);
    },

    async findToken(secretHash) {
      const row = await selectOwners(db)
        .innerJoin("api_tokens as shown", "shown.user_id", "users.id")
        .select(["shown.id", "shown.created_at", "shown.last_used_at", "shown.expires_at", "shown.scopes"])
        .where("shown.secret_hash", "=", secretHash)
        .executeTakeFirst();
      return row && credentialFrom(row, row.scopes);
    },

    async touch({ kind, id }, userId, at, expiresAt) {
      await db.updateTable("users").set({ last_seen_at: at }).where("id", "=", userId).execute();
      if (kind === "token") await db.updateTable("api_tokens").set({ last_used_at: at }).where("id", "=", id).execute();
      else
        await db
          .updateTable("sessions")
          .set({ last_used_at: at, expires_at: expiresAt })
          .where("id", "=", id)
          .execute();
    },
  };
}

function sessions(
  db: Executor,
): Pick<CredentialStore, "insertSession" | "deleteSession" | "deleteAll" | "deleteExpired"> {
  return {
    async insertSession({ id, userId, secretHash, createdAt, expiresAt, ip, userAgent }) {
      const row = {
        id,
        user_id: userId,
        secret_hash: secretHash,
        created_at: createdAt,
        last_used_at: createdAt,
        expires_at: expiresAt,
        ip,
        user_agent: userAgent,
      };
      await db.insertInto("sessions").values(row).execute();
    },

    async deleteSession(id) {
      await db.deleteFrom("sessions").where("id", "=", id).execute();
    },

    async deleteAll(userId, { tokens, except }) {
      for (const table of tokens ? (["sessions", "api_tokens"] as const) : (["sessions"] as const)) {
        let query = db.deleteFrom(table).where("user_id", "=", userId);
        if (except) query = query.where("id", "!=", except.id);
        await query.execute();
      }
    },

    async deleteExpired(now) {
      for (const table of ["sessions", "api_tokens"] as const)
        await db.deleteFrom(table).where("expires_at", "<=", now).execute();
    },
  };
}

function tokens(db: Executor): Pick<CredentialStore, "insertToken" | "listTokens" | "tokenNames" | "deleteToken"> {
  return {
    async insertToken({ id, userId, name, secretHash, scopes, expiresAt }) {
      const taken = () => new BerthError("NAME_TAKEN", `You have a token called ${name}.`);
      const row = {
        id,
        user_id: userId,
        name,
        secret_hash: secretHash,
        scopes: [...scopes],
        expires_at: expiresAt,
      };
      const inserted = await onViolation({ api_tokens_user_id_name_key: taken }, () =>
        db.insertInto("api_tokens").values(row).returningAll().executeTakeFirstOrThrow(),
      );
      return tokenFrom(inserted);
    },

    async listTokens(userId, { limit, cursor }) {
      const after = decodeCursor(cursor, Cursor);
      let query = db
        .selectFrom("api_tokens")
        .selectAll()
        .where("user_id", "=", userId)
        .orderBy("name")
        .orderBy("id")
        .limit(limit + 1);
      if (after)
        query = query.where(({ eb, refTuple, tuple }) => eb(refTuple("name", "id"), ">", tuple(after[0], after[1])));
      const page = pageFrom(await query.execute(), limit, (row) => [row.name, row.id]);
      return { ...page, items: page.items.map(tokenFrom) };
    },

    async tokenNames(userId) {
      const rows = await db.selectFrom("api_tokens").select("name").where("user_id", "=", userId).execute();
      return rows.map(({ name }) => name);
    },

    async deleteToken(userId, tokenId) {
      const row = await db
        .deleteFrom("api_tokens")
        .where("user_id", "=", userId)
        .where("id", "=", tokenId)
        .returning("name")
        .executeTakeFirst();
      return row?.name;
    },
  };
}
