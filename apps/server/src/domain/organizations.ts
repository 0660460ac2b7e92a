import { randomUUID } from "node:crypto";
import type { Organization } from "@berth/api";
import type { Actor, Origin } from "./actor.ts";
import type { AuditLog } from "./audit.ts";
import { authorize, organizationsWhere, site } from "./authorization.ts";
import type { Page, PageRequest } from "./page.ts";
import type { Transact } from "./transact.ts";

export type OrganizationStore = {
  /** Throws NAME_TAKEN. */
  insert(organization: { id: string; name: string; isDefault: boolean }): Promise<Organization>;
  list(page: PageRequest, ids: "all" | readonly string[]): Promise<Page<Organization>>;
};

export type OrganizationsDeps = {
  organizations: Pick<OrganizationStore, "list">;
  transaction: Transact<{ organizations: Pick<OrganizationStore, "insert">; audit: AuditLog }>;
};

/** Decides who sees and makes organizations. */
export class Organizations {
  readonly #deps: OrganizationsDeps;

  constructor(deps: OrganizationsDeps) {
    this.#deps = deps;
  }

  /** The organizations the actor can see. */
  async list(actor: Actor, page: PageRequest): Promise<Page<Organization>> {
    return await this.#deps.organizations.list(page, organizationsWhere(actor, "organization.read"));
  }

  /** Throws FORBIDDEN and NAME_TAKEN. */
  async create(actor: Actor, name: string, origin: Origin): Promise<Organization> {
    authorize(actor, "organization.create", site);
    return await this.#deps.transaction(async ({ organizations, audit }) => {
      const organization = await organizations.insert({ id: randomUUID(), name, isDefault: false });
      await audit.record({
        action: "organization.create",
        actor,
        origin,
        target: { kind: "organization", id: organization.id, name },
        organizationId: organization.id,
        changes: { name: { from: null, to: name } },
      });
      return organization;
    });
  }
}
