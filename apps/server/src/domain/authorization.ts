import type { OrganizationRole, Scope, SiteRole, TokenScope } from "@berth/api";
import type { Actor } from "./actor.ts";
import { BerthError } from "./berth-error.ts";

/** Everything that somebody may or may not do. What is not granted below is refused. */
export type Action =
  | "registry.read"
  | "registry.write"
  | "image.read"
  | "image.import"
  | "image.write"
  | "workspace.read"
  | "workspace.create"
  | "workspace.write"
  | "workspace.connect"
  | "workspace.list_all"
  | "organization.read"
  | "organization.create"
  | "member.read"
  | "member.write"
  | "user.read"
  | "user.write"
  | "audit.read"
  | "metrics.read"
  | "account.write";

/**
 * What an action is about. `organizationId` makes it a thing of that organization, `ownerId` a thing of one person;
 * a thing of neither belongs to the installation. `kind` is the word for it in answers, e.g. `registry`.
 */
export type Resource = { kind: string; organizationId?: string; ownerId?: string };

/** Things of the installation as a whole. */
export const site: Resource = { kind: "installation" };

const everywhere: Record<SiteRole, readonly Action[]> = {
  admin: [
    "registry.read",
    "registry.write",
    "image.read",
    "image.import",
    "image.write",
    "workspace.read",
    "workspace.create",
    "workspace.write",
    "workspace.connect",
    "workspace.list_all",
    "organization.read",
    "organization.create",
    "member.read",
    "member.write",
    "user.read",
    "user.write",
    "audit.read",
    "metrics.read",
    "account.write",
  ],
  // As an administrator, but for other people's terminals.
  manager: [
    "registry.read",
    "registry.write",
    "image.read",
    "image.import",
    "image.write",
    "workspace.read",
    "workspace.create",
    "workspace.write",
    "workspace.list_all",
    "organization.read",
    "organization.create",
    "member.read",
    "member.write",
    "user.read",
    "user.write",
    "audit.read",
    "metrics.read",
    "account.write",
  ],
  auditor: [
    "registry.read",
    "image.read",
    "workspace.read",
    "workspace.list_all",
    "organization.read",
    "member.read",
    "user.read",
    "audit.read",
    "metrics.read",
    "account.write",
  ],
  member: ["account.write"],
};

const ofMembers: readonly Action[] = [
  "organization.read",
  "member.read",
  "registry.read",
  "image.read",
  "workspace.create",
];

const inOrganization: Record<OrganizationRole, readonly Action[]> = {
  super_manager: [
    ...ofMembers,
    "registry.write",
    "image.import",
    "image.write",
    "workspace.read",
    "workspace.write",
    "workspace.list_all",
    "member.write",
  ],
  manager: [...ofMembers, "registry.write", "image.import", "image.write", "workspace.read", "workspace.list_all"],
  image_manager: [...ofMembers, "image.import", "image.write"],
  importer: [...ofMembers, "image.import"],
  member: ofMembers,
};

/** What people may do with what is theirs, as long as they are a member of the organization it is in. */
const toOwn: readonly Action[] = ["workspace.read", "workspace.write", "workspace.connect"];

/** The action that shows a thing; who may not even do that is told that there is nothing. */
const seeing: Readonly<Record<string, Action>> = {
  registry: "registry.read",
  image: "image.read",
  workspace: "workspace.read",
  organization: "organization.read",
  member: "member.read",
};

/** The actor's role in an organization, if they are a member. */
export function roleIn(actor: Actor, organizationId: string): OrganizationRole | undefined {
  return actor.memberships.find((membership) => membership.organizationId === organizationId)?.role;
}

/** Whether the actor may do this; for lists, and for what a page offers. */
export function can(actor: Actor, action: Action, resource: Resource): boolean {
  if (everywhere[actor.siteRole].includes(action)) return true;
  if (resource.organizationId === undefined) return false;
  const role = roleIn(actor, resource.organizationId);
  if (role === undefined) return false;
  return inOrganization[role].includes(action) || (resource.ownerId === actor.userId && toOwn.includes(action));
}

/**
 * Refuses what the actor may not do: NOT_FOUND for things they may not see, FORBIDDEN for things they may.
 * Call it with the thing itself, before anything is told about it.
 */
export function authorize(actor: Actor, action: Action, resource: Resource): void {
  if (can(actor, action, resource)) return;
  const sight = seeing[resource.kind] ?? "organization.read";
  if (resource.organizationId !== undefined && !can(actor, sight, resource)) throw notFound(resource.kind);
  throw new BerthError("FORBIDDEN", `You may not do this: ${action.replace(/[._]/g, " ")}.`, { context: { action } });
}

/** The answer for what does not exist and for what the asker may not see alike. */
export function notFound(kind: string): BerthError {
  return new BerthError("NOT_FOUND", `There is no such ${kind}, or you may not see it.`);
}

/**
 * The organizations in which the actor may do this, or `all`: what a list is narrowed to. Ownership is not considered;
 * lists of one's own things need no such filter.
 */
export function organizationsWhere(actor: Actor, action: Action): "all" | string[] {
  if (everywhere[actor.siteRole].includes(action)) return "all";
  return actor.memberships.filter(({ role }) => inOrganization[role].includes(action)).map((m) => m.organizationId);
}

/** Refuses a token that is not made for a route. Sessions carry `all`. Throws SCOPE_MISSING. */
export function requireScope(actor: Pick<Actor, "scopes">, scope: Scope): void {
  if (scope === "public" || scope === "none") return;
  const granted: readonly (TokenScope | Scope)[] = actor.scopes;
  if (granted.includes("all") || granted.includes(scope)) return;
  throw new BerthError("SCOPE_MISSING", `This token lacks the scope ${scope}.`, {
    fix: { text: `Use a token with the scope ${scope}.`, command: `berth tokens create NAME --scope ${scope}` },
    context: { scope },
  });
}
