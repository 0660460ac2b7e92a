import type { Member, OrganizationRole } from "@berth/api";
import type { Actor, Origin } from "../actor.ts";
import type { AuditLog } from "../audit.ts";
import { authorize, notFound } from "../authorization.ts";
import { BerthError } from "../berth-error.ts";
import type { Page, PageRequest } from "../page.ts";
import type { Transact } from "../transact.ts";

export type MembersStore = {
  organizationName(organizationId: string): Promise<string | undefined>;
  list(organizationId: string, page: PageRequest): Promise<Page<Member>>;
  /** The membership, locked until the transaction ends. */
  lock(organizationId: string, userId: string): Promise<Member | undefined>;
  /** `undefined` when there is no such user. */
  put(organizationId: string, userId: string, role: OrganizationRole): Promise<Member | undefined>;
  remove(organizationId: string, userId: string): Promise<void>;
  /** Names of the member's workspaces in the organization, at most ten. */
  workspaceNames(organizationId: string, userId: string): Promise<string[]>;
};

export type MembersDeps = {
  members: Pick<MembersStore, "organizationName" | "list">;
  transaction: Transact<{ members: MembersStore; audit: AuditLog }>;
};

/** Who belongs to an organization, and as what. */
export class Members {
  readonly #deps: MembersDeps;

  constructor(deps: MembersDeps) {
    this.#deps = deps;
  }

  /** Throws NOT_FOUND for organizations the actor cannot see. */
  async list(actor: Actor, organizationId: string, page: PageRequest): Promise<Page<Member>> {
    await this.#authorize(actor, "member.read", organizationId);
    return await this.#deps.members.list(organizationId, page);
  }

  /** Adds a member or changes their role. Throws FORBIDDEN and NOT_FOUND. */
  async put(
    actor: Actor,
    organizationId: string,
    userId: string,
    role: OrganizationRole,
    origin: Origin,
  ): Promise<Member> {
    await this.#authorize(actor, "member.write", organizationId);
    return await this.#deps.transaction(async ({ members, audit }) => {
      const before = await members.lock(organizationId, userId);
      const member = await members.put(organizationId, userId, role);
      if (!member) throw notFound("user");
      const target = { kind: "member", id: userId, name: member.username };
      const changes = { role: { from: before?.role ?? null, to: role } };
      await audit.record({ action: "member.put", actor, origin, target, organizationId, changes });
      return member;
    });
  }

  /** Throws FORBIDDEN, NOT_FOUND and MEMBER_HAS_WORKSPACES. */
  async remove(actor: Actor, organizationId: string, userId: string, origin: Origin): Promise<void> {
    await this.#authorize(actor, "member.write", organizationId);
    await this.#deps.transaction(async ({ members, audit }) => {
      const member = await members.lock(organizationId, userId);
      if (!member) throw notFound("member");
      const workspaces = await members.workspaceNames(organizationId, userId);
      if (workspaces.length > 0)
        throw new BerthError("MEMBER_HAS_WORKSPACES", `${member.username} still has workspaces here.`, {
          context: { workspaces },
        });
      await members.remove(organizationId, userId);
      const target = { kind: "member", id: userId, name: member.username };
      const changes = { role: { from: member.role, to: null } };
      await audit.record({ action: "member.remove", actor, origin, target, organizationId, changes });
    });
  }

  async #authorize(actor: Actor, action: "member.read" | "member.write", organizationId: string): Promise<void> {
    authorize(actor, action, { kind: "member", organizationId });
    if ((await this.#deps.members.organizationName(organizationId)) === undefined) throw notFound("organization");
  }
}
