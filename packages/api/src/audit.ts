import { z } from "zod";
import { Id, line, pageOf, pageQuery, Timestamp } from "./common.ts";
import { route } from "./route.ts";

export const AuditEvent = z
  .object({
    id: Id,
    time: Timestamp,
    action: z.string().describe("e.g. `registry.create`"),
    actor: z.object({ id: Id.nullable(), username: z.string().nullable(), ip: z.string().nullable() }),
    target: z.object({ kind: z.string(), id: z.string().nullable(), name: z.string().nullable() }),
    organizationId: Id.nullable(),
    /** Field → what it was and is; secrets appear only as changed or not. */
    changes: z.record(z.string(), z.object({ from: z.unknown(), to: z.unknown() })),
    requestId: z.string().nullable(),
  })
  .meta({ id: "AuditEvent" });
export type AuditEvent = z.output<typeof AuditEvent>;

export const auditRoutes = {
  listAudit: route({
    method: "GET",
    path: "/audit",
    summary: "List what changed, newest first",
    scope: "audit:read",
    query: z.object({
      ...pageQuery,
      action: line(64).optional(),
      targetKind: line(32).optional(),
      actorId: Id.optional(),
    }),
    status: 200,
    response: pageOf(AuditEvent),
  }),
};
