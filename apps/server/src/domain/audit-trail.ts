import type { AuditEvent } from "@berth/api";
import type { Actor } from "./actor.ts";
import type { AuditFilter, AuditHistory } from "./audit.ts";
import { authorize, site } from "./authorization.ts";
import type { Page } from "./page.ts";

/** The audit log, for whoever may read it. */
export class AuditTrail {
  readonly #history: AuditHistory;

  constructor(history: AuditHistory) {
    this.#history = history;
  }

  async list(actor: Actor, filter: AuditFilter): Promise<Page<AuditEvent>> {
    authorize(actor, "audit.read", site);
    return await this.#history.list(filter);
  }
}
