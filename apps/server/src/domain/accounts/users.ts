import { randomUUID } from "node:crypto";
import type { OrganizationRole, SiteRole, User } from "@berth/api";
import type { Actor, Origin } from "../actor.ts";
import { type AuditLog, changesBetween } from "../audit.ts";
import { authorize, notFound, site } from "../authorization.ts";
import { BerthError } from "../berth-error.ts";
import type { Page, PageRequest } from "../page.ts";
import type { Transact } from "../transact.ts";
import type { CredentialStore, MemberStore, UserStore } from "./account.ts";
import { hashPassword } from "./passwords.ts";
import { newTemporaryPassword } from "./secrets.ts";

export type UsersDeps = {
  users: Pick<UserStore, "find" | "list">;
  transaction: Transact<{
    users: Pick<UserStore, "insert" | "find" | "update" | "lockAdministrators">;
    members: MemberStore;
    credentials: Pick<CredentialStore, "deleteAll">;
    organizations: { findDefault(): Promise<{ id: string } | undefined> };
    audit: AuditLog;
  }>;
};

export type UserRequest = {
  email: string;
  username: string;
  siteRole: SiteRole;
  password?: string | undefined;
  organizationRole: OrganizationRole;
};
export type UserChange = { siteRole?: SiteRole | undefined; status?: "active" | "suspended" | undefined };

/** The people of the installation. */
export class Users {
  readonly #deps: UsersDeps;

  constructor(deps: UsersDeps) {
    this.#deps = deps;
  }

  /** Who the actor is. */
  async me(actor: Actor): Promise<User> {
    const user = await this.#deps.users.find(actor.userId);
    if (!user) throw notFound("user");
    return user;
  }

  async list(actor: Actor, page: PageRequest & { search?: string | undefined }): Promise<Page<User>> {
    authorize(actor, "user.read", site);
    return await this.#deps.users.list(page);
  }

  /** Adds a user to the default organization. Throws FORBIDDEN, NAME_TAKEN and EMAIL_TAKEN. */
  async create(actor: Actor, wanted: UserRequest, origin: Origin): Promise<{ user: User; temporaryPassword?: string }> {
    authorize(actor, "user.write", site);
    refuseTouchingAdmins(actor, wanted.siteRole);
    const temporaryPassword = wanted.password === undefined ? newTemporaryPassword() : undefined;
    const passwordHash = await hashPassword(wanted.password ?? temporaryPassword ?? "");
    const { email, username, siteRole, organizationRole } = wanted;
    const id = randomUUID();
    const mustChangePassword = temporaryPassword !== undefined;
    const user = await this.#deps.transaction(async ({ users, members, organizations, audit }) => {
      await users.insert({ id, email, username, passwordHash, siteRole, mustChangePassword });
      const organization = await organizations.findDefault();
      if (organization) await members.put(organization.id, id, organizationRole);
      const changes = changesBetween({}, { email, username, siteRole, organizationRole }, [
        "email",
        "username",
        "siteRole",
        "organizationRole",
      ]);
      await audit.record({
        action: "user.create",
        actor,
        origin,
        target: { kind: "user", id, name: username },
        changes,
      });
      return await users.find(id);
    });
    if (!user) throw notFound("user");
    return temporaryPassword === undefined ? { user } : { user, temporaryPassword };
  }

  /** Throws FORBIDDEN, NOT_FOUND and LAST_ADMIN. A suspended user's sessions end at once. */
  async update(actor: Actor, userId: string, change: UserChange, origin: Origin): Promise<User> {
    authorize(actor, "user.write", site);
    return await this.#deps.transaction(async ({ users, credentials, audit }) => {
      const administrators = await users.lockAdministrators();
      const before = await users.find(userId);
      if (!before) throw notFound("user");
      refuseTouchingAdmins(actor, before.siteRole, change.siteRole);
      const leaves = (change.siteRole ?? "admin") !== "admin" || change.status === "suspended";
      if (leaves && administrators.includes(userId) && administrators.length === 1)
        throw new BerthError("LAST_ADMIN", `${before.username} is the last administrator.`);
      await users.update(userId, change);
      if (change.status === "suspended") await credentials.deleteAll(userId, { tokens: false });
      const after = await users.find(userId);
      if (!after) throw notFound("user");
      const target = { kind: "user", id: userId, name: after.username };
      const changes = changesBetween<User>(before, after, ["siteRole", "status"]);
      await audit.record({ action: "user.update", actor, origin, target, changes });
      return after;
    });
  }
}

/** Managers run the installation for its administrators, so they neither make nor unmake one. */
function refuseTouchingAdmins(actor: Actor, ...roles: (SiteRole | undefined)[]): void {
  if (actor.siteRole !== "admin" && roles.includes("admin"))
    throw new BerthError("FORBIDDEN", "Only an administrator may make, change or suspend an administrator.");
}
