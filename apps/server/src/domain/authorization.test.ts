import type { OrganizationRole, SiteRole } from "@berth/api";
import { describe, expect, test } from "vitest";
import type { Actor } from "./actor.ts";
import { type Action, authorize, can, organizationsWhere, requireScope, site } from "./authorization.ts";

const actor = (siteRole: SiteRole, role?: OrganizationRole): Actor => ({
  userId: "me",
  username: "me",
  siteRole,
  memberships: role ? [{ organizationId: "ours", role }] : [],
  scopes: ["all"],
  credential: { kind: "session", id: "s" },
});
const ours = (kind: string, ownerId?: string) => ({ kind, organizationId: "ours", ...(ownerId ? { ownerId } : {}) });
const outcome = (work: () => void) => {
  try {
    work();
    return "allowed";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** The organization roles, as people know them: what each may do with the things of others in its organization. */
const roles: Record<OrganizationRole, Action[]> = {
  super_manager: [
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
    "member.read",
    "member.write",
  ],
  manager: [
    "registry.read",
    "registry.write",
    "image.read",
    "image.import",
    "image.write",
    "workspace.read",
    "workspace.create",
    "workspace.list_all",
    "organization.read",
    "member.read",
  ],
  image_manager: [
    "registry.read",
    "image.read",
    "image.import",
    "image.write",
    "workspace.create",
    "organization.read",
    "member.read",
  ],
  importer: ["registry.read", "image.read", "image.import", "workspace.create", "organization.read", "member.read"],
  member: ["registry.read", "image.read", "workspace.create", "organization.read", "member.read"],
};
const all = roles.super_manager.concat("workspace.connect");

describe("roles", () => {
  test.each(Object.entries(roles))("%s may do exactly this in its organization", (role, actions) => {
    const member = actor("member", role as OrganizationRole);
    expect(all.filter((action) => can(member, action, ours("thing", "somebody"))).sort()).toEqual([...actions].sort());
  });

  test.each(Object.keys(roles))("%s may do nothing in another organization, and is told there is nothing", (role) => {
    const stranger = actor("member", role as OrganizationRole);
    for (const action of all) {
      expect(outcome(() => authorize(stranger, action, { kind: "registry", organizationId: "theirs" }))).toBe(
        "NOT_FOUND",
      );
    }
  });

  test.each(Object.keys(roles))("%s works in its own workspace", (role) => {
    for (const action of ["workspace.read", "workspace.write", "workspace.connect"] as const)
      expect(can(actor("member", role as OrganizationRole), action, ours("workspace", "me"))).toBe(true);
  });

  test("who has left the organization does not reach their workspace in it", () => {
    expect(outcome(() => authorize(actor("member"), "workspace.connect", ours("workspace", "me")))).toBe("NOT_FOUND");
  });

  test("only an administrator connects to other people's workspaces", () => {
    const others = ours("workspace", "somebody");
    expect(can(actor("admin"), "workspace.connect", others)).toBe(true);
    for (const role of ["manager", "auditor", "member"] as const)
      expect(can(actor(role, "super_manager"), "workspace.connect", others)).toBe(false);
  });

  test("an auditor sees everything and changes nothing but their own account", () => {
    for (const action of all) {
      const reads = action.endsWith(".read") || action === "workspace.list_all";
      expect([action, can(actor("auditor"), action, ours("thing", "somebody"))]).toEqual([action, reads]);
    }
    expect(can(actor("auditor"), "user.write", site)).toBe(false);
    expect(can(actor("auditor"), "account.write", site)).toBe(true);
  });
});

describe("authorize", () => {
  test("hides what the actor cannot see, and refuses what they can", () => {
    const member = actor("member", "member");
    expect(outcome(() => authorize(member, "workspace.write", ours("workspace", "somebody")))).toBe("NOT_FOUND");
    expect(outcome(() => authorize(member, "registry.write", ours("registry")))).toBe("FORBIDDEN");
    expect(outcome(() => authorize(actor("member", "manager"), "workspace.write", ours("workspace", "x")))).toBe(
      "FORBIDDEN",
    );
  });

  test("says openly what belongs to the installation", () => {
    expect(outcome(() => authorize(actor("member", "super_manager"), "user.write", site))).toBe("FORBIDDEN");
  });
});

test("lists are narrowed to where the actor may look", () => {
  expect(organizationsWhere(actor("auditor"), "registry.read")).toBe("all");
  expect(organizationsWhere(actor("member", "manager"), "workspace.list_all")).toEqual(["ours"]);
  expect(organizationsWhere(actor("member", "member"), "workspace.list_all")).toEqual([]);
});

test("a token does what its scopes say, whoever its owner is", () => {
  const token = { scopes: ["images:read" as const] };
  expect(outcome(() => requireScope(token, "images:read"))).toBe("allowed");
  expect(outcome(() => requireScope(token, "images:write"))).toBe("SCOPE_MISSING");
  expect(outcome(() => requireScope({ scopes: ["all"] }, "images:write"))).toBe("allowed");
  expect(outcome(() => requireScope({ scopes: [] }, "none"))).toBe("allowed");
});
