import type { Member } from "@berth/api";
import { z } from "zod";
import type { MembersStore } from "../../domain/accounts/members.ts";
import { notFound } from "../../domain/authorization.ts";
import { decodeCursor, pageFrom } from "../../domain/page.ts";
import { onViolation } from "../database-errors.ts";
import type { Executor } from "../transaction.ts";

const Cursor = z.tuple([z.string(), z.uuid()]);

function selectMembers(db: Executor, organizationId: string) {
  return db
    .selectFrom("organization_members as member")
    .innerJoin("users as user", "user.id", "member.user_id")
    .select(["user.id", "user.email", "user.username", "member.role"])
    .where("member.organization_id", "=", organizationId);
}

function memberFrom(row: { id: string; email: string; username: string; role: Member["role"] }): Member {
  return { userId: row.id, email: row.email, username: row.username, role: row.role };
}

export function memberStore(db: Executor): MembersStore {
  const find = async (organizationId: string, userId: string) =>
    await selectMembers(db, organizationId).where("member.user_id", "=", userId).executeTakeFirst();
  return {
    async organizationName(organizationId) {
      const query = db.selectFrom("organizations").select("name").where("id", "=", organizationId);
      return (await query.executeTakeFirst())?.name;
    },

    async list(organizationId, { limit, cursor }) {
      const after = decodeCursor(cursor, Cursor);
      let query = selectMembers(db, organizationId)
        .orderBy("user.username")
        .orderBy("user.id")
        .limit(limit + 1);
      if (after)
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple("user.username", "user.id"), ">", tuple(after[0], after[1])),
        );
      const page = pageFrom(await query.execute(), limit, (row) => [row.username, row.id]);
      return { ...page, items: page.items.map(memberFrom) };
    },

    async lock(organizationId, userId) {
      await db
        .selectFrom("organization_members")
        .select("role")
        .where("organization_id", "=", organizationId)
        .where("user_id", "=", userId)
        .forUpdate()
        .execute();
      const row = await find(organizationId, userId);
      return row && memberFrom(row);
    },

    async put(organizationId, userId, role) {
      // A user or organization that vanishes meanwhile is one that does not exist.
      const meanings = {
        organization_members_user_id_fkey: () => notFound("user"),
        organization_members_organization_id_fkey: () => notFound("organization"),
      };
      await onViolation(meanings, () =>
        db
          .insertInto("organization_members")
          .values({ organization_id: organizationId, user_id: userId, role })
          .onConflict((conflict) => conflict.columns(["organization_id", "user_id"]).doUpdateSet({ role }))
          .execute(),
      );
      const row = await find(organizationId, userId);
      return row && memberFrom(row);
    },

    async remove(organizationId, userId) {
      await db
        .deleteFrom("organization_members")
        .where("organization_id", "=", organizationId)
        .where("user_id", "=", userId)
        .execute();
    },

    async workspaceNames(organizationId, userId) {
      const rows = await db
        .selectFrom("workspaces")
        .select("name")
        .where("organization_id", "=", organizationId)
        .where("owner_id", "=", userId)
        .orderBy("name")
        .limit(10)
        .execute();
      return rows.map(({ name }) => name);
    },
  };
}
