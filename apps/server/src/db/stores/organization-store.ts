import type { Organization } from "@berth/api";
import { z } from "zod";
import { BerthError } from "../../domain/berth-error.ts";
import type { OrganizationStore } from "../../domain/organizations.ts";
import { decodeCursor, pageFrom } from "../../domain/page.ts";
import { onViolation } from "../database-errors.ts";
import type { Row } from "../schema.ts";
import type { Executor } from "../transaction.ts";

const Cursor = z.tuple([z.string(), z.uuid()]);

/** Organizations as rows. A store is a set of functions on an Executor, so it works the same in a transaction. */
export function organizationStore(db: Executor): OrganizationStore & {
  /** The one that things are put in when nobody names another; absent before set-up. */
  findDefault(): Promise<Organization | undefined>;
  find(id: string): Promise<Organization | undefined>;
} {
  return {
    async insert({ id, name, isDefault }) {
      const taken = () => new BerthError("NAME_TAKEN", `There is an organization called ${name}.`);
      const row = await onViolation({ organizations_name_key: taken }, () =>
        db
          .insertInto("organizations")
          .values({ id, name, is_default: isDefault })
          .returningAll()
          .executeTakeFirstOrThrow(),
      );
      return organizationFrom(row);
    },

    async list({ limit, cursor }, ids) {
      const after = decodeCursor(cursor, Cursor);
      let query = db
        .selectFrom("organizations")
        .selectAll()
        .orderBy("name")
        .orderBy("id")
        .limit(limit + 1);
      if (ids !== "all") query = query.where((where) => where("id", "=", where.fn.any(where.val([...ids]))));
      if (after)
        query = query.where(({ eb, refTuple, tuple }) => eb(refTuple("name", "id"), ">", tuple(after[0], after[1])));
      const page = pageFrom(await query.execute(), limit, (row) => [row.name, row.id]);
      return { ...page, items: page.items.map(organizationFrom) };
    },

    async findDefault() {
      const row = await db.selectFrom("organizations").selectAll().where("is_default", "=", true).executeTakeFirst();
      return row && organizationFrom(row);
    },

    async find(id) {
      const row = await db.selectFrom("organizations").selectAll().where("id", "=", id).executeTakeFirst();
      return row && organizationFrom(row);
    },
  };
}

function organizationFrom(row: Row<"organizations">): Organization {
  return { id: row.id, name: row.name, isDefault: row.is_default, createdAt: row.created_at.toISOString() };
}
