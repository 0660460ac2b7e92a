import type { AuditEvent } from "@berth/api";
import type { Actor, Origin } from "./actor.ts";
import type { Page, PageRequest } from "./page.ts";

export type Changes = Record<string, { from: unknown; to: unknown }>;

/** One change, written in the same transaction as the change itself. */
export type AuditEntry = {
  /** `<thing>.<verb>`, e.g. `registry.create`. */
  action: string;
  /** `null` for what nobody signed in did, e.g. a failed sign-in. */
  actor: Pick<Actor, "userId" | "username"> | null;
  origin: Origin;
  target: { kind: string; id: string | null; name: string | null };
  organizationId?: string | undefined;
  changes?: Changes;
};

/** What services need to leave their row. */
export type AuditLog = { record(entry: AuditEntry): Promise<void> };

export type AuditFilter = PageRequest & {
  action?: string | undefined;
  targetKind?: string | undefined;
  actorId?: string | undefined;
};

/** The audit log, read. */
export type AuditHistory = { list(filter: AuditFilter): Promise<Page<AuditEvent>> };

/** What differs between two states of a thing in the given fields; never name a secret's field. */
export function changesBetween<Thing extends object>(
  before: Partial<Thing>,
  after: Partial<Thing>,
  fields: readonly (keyof Thing & string)[],
): Changes {
  const differing = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return Object.fromEntries(
    differing.map((field) => [field, { from: before[field] ?? null, to: after[field] ?? null }]),
  );
}
