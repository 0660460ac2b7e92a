import type { User } from "@berth/api";
import { jsonArrayFrom } from "kysely/helpers/postgres";
import { z } from "zod";
import type { Account, UserStore } from "../../domain/accounts/account.ts";
import { BerthError } from "../../domain/berth-error.ts";
import { decodeCursor, pageFrom } from "../../domain/page.ts";
import { onViolation } from "../database-errors.ts";
import type { Executor } from "../transaction.ts";

const Cursor = z.tuple([z.string(), z.uuid()]);

/** Users with the organizations they are in. */
function selectUsers(db: Executor) {
  return db
    .selectFrom("users")
    .select(["id", "email", "username", "site_role", "status", "created_at", "last_seen_at"])
    .select((user) =>
      jsonArrayFrom(
        user
          .selectFrom("organization_members as member")
          .innerJoin("organizations as organization", "organization.id", "member.organization_id")
          .select(["organization.id", "organization.name", "member.role"])
          .whereRef("member.user_id", "=", "users.id")
          .orderBy("organization.name"),
      ).as("organizations"),
    );
}

type UserRow = Awaited<ReturnType<ReturnType<typeof selectUsers>["executeTakeFirstOrThrow"]>>;

function userFrom(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    username: row.username,
    siteRole: row.site_role,
    status: row.status,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    organizations: row.organizations,
  };
}

/** `%` and `_` in what people search for are letters. */
const literal = (search: string) => `%${search.replace(/[\\%_]/g, "\\$&")}%`;

export function userStore(db: Executor): UserStore {
  return {
    async insert({ id, email, username, passwordHash, siteRole, mustChangePassword }) {
      const meanings = {
        users_email_key: () => new BerthError("EMAIL_TAKEN", `There is a user with the address ${email}.`),
        users_username_key: () => new BerthError("NAME_TAKEN", `There is a user called ${username}.`),
      };
      const row = {
        id,
        email,
        username,
        password_hash: passwordHash,
        site_role: siteRole,
        must_change_password: mustChangePassword,
      };
      await onViolation(meanings, () => db.insertInto("users").values(row).execute());
    },

    async find(id) {
      const row = await selectUsers(db).where("id", "=", id).executeTakeFirst();
      return row && userFrom(row);
    },

    async list({ limit, cursor, search }) {
      const after = decodeCursor(cursor, Cursor);
      let query = selectUsers(db)
        .orderBy("username")
        .orderBy("id")
        .limit(limit + 1);
      if (search)
        query = query.where((where) =>
          where.or([where("username", "ilike", literal(search)), where("email", "ilike", literal(search))]),
        );
      if (after)
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple("username", "id"), ">", tuple(after[0], after[1])),
        );
      const page = pageFrom(await query.execute(), limit, (row) => [row.username, row.id]);
      return { ...page, items: page.items.map(userFrom) };
    },

    async findAccount(by): Promise<Account | undefined> {
      const query = db.selectFrom("users").select(["id", "username", "password_hash", "status"]);
      const row = await ("id" in by
        ? query.where("id", "=", by.id)
        : query.where((where) => where(where.fn("lower", ["email"]), "=", where.fn("lower", [where.val(by.email)])))
      ).executeTakeFirst();
      return row && { id: row.id, username: row.username, passwordHash: row.password_hash, status: row.status };
    },

    async update(id, { siteRole, status }) {
      if (siteRole === undefined && status === undefined) return;
      const change = { ...(siteRole ? { site_role: siteRole } : {}), ...(status ? { status } : {}) };
      await db.updateTable("users").set(change).where("id", "=", id).execute();
    },

    async setPassword(id, passwordHash) {
      const change = { password_hash: passwordHash, must_change_password: false };
      await db.updateTable("users").set(change).where("id", "=", id).execute();
    },

    async lockAdministrators() {
      const rows = await db
        .selectFrom("users")
        .select("id")
        .where("site_role", "=", "admin")
        .where("status", "=", "active")
        .orderBy("id")
        .forUpdate()
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}
