import { randomUUID } from "node:crypto";
import type { AuditEvent } from "@berth/api";
import { sql } from "kysely";
import { z } from "zod";
import type { AuditHistory, AuditLog } from "../../domain/audit.ts";
import { decodeCursor, pageFrom } from "../../domain/page.ts";
import type { Row } from "../schema.ts";
import type { Executor } from "../transaction.ts";

const Cursor = z.tuple([z.iso.datetime({ precision: 6 }), z.uuid()]);

/** Audit rows: added with every change, never changed or removed here. */
export function auditStore(db: Executor): AuditLog & AuditHistory {
  return {
    async record({ action, actor, origin, target, organizationId, changes }) {
      await db
        .insertInto("audit_events")
        .values({
          id: randomUUID(),
          action,
          actor_id: actor?.userId ?? null,
          actor_username: actor?.username ?? null,
          actor_ip: origin.ip,
          target_kind: target.kind,
          target_id: target.id,
          target_name: target.name,
          organization_id: organizationId ?? null,
          changes: changes ?? {},
          request_id: origin.requestId,
        })
        .execute();
    },

    async list({ limit, cursor, action, targetKind, actorId }) {
      const after = decodeCursor(cursor, Cursor);
      // Microseconds, which a Date would cut off: two events of one millisecond must not be skipped between pages.
      const exactTime = sql<string>`to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
      let query = db
        .selectFrom("audit_events")
        .selectAll()
        .select(exactTime.as("exact_time"))
        .orderBy("time", "desc")
        .orderBy("id", "desc")
        .limit(limit + 1);
      if (action !== undefined) query = query.where("action", "=", action);
      if (targetKind !== undefined) query = query.where("target_kind", "=", targetKind);
      if (actorId !== undefined) query = query.where("actor_id", "=", actorId);
      if (after) query = query.where(sql<boolean>`(time, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`);
      const page = pageFrom(await query.execute(), limit, (row) => [row.exact_time, row.id]);
      return { ...page, items: page.items.map(eventFrom) };
    },
  };
}

function eventFrom(row: Row<"audit_events">): AuditEvent {
  return {
    id: row.id,
    time: row.time.toISOString(),
    action: row.action,
    actor: { id: row.actor_id, username: row.actor_username, ip: row.actor_ip },
    target: { kind: row.target_kind, id: row.target_id, name: row.target_name },
    organizationId: row.organization_id,
    changes: row.changes,
    requestId: row.request_id,
  };
}
