import { z } from "zod";
import { Id, line, pageOf, pageQuery, slug, Timestamp } from "./common.ts";
import { route } from "./route.ts";

export const SiteRole = z.enum(["admin", "manager", "auditor", "member"]);
export type SiteRole = z.output<typeof SiteRole>;

export const OrganizationRole = z.enum(["super_manager", "manager", "image_manager", "importer", "member"]);
export type OrganizationRole = z.output<typeof OrganizationRole>;

export const Email = z.email().max(254);
export const Password = z
  .string()
  .min(10, "Use at least 10 characters")
  .max(1024)
  .describe("Write-only; at least 10 characters");
export const Username = slug(32);

export const User = z
  .object({
    id: Id,
    email: z.string(),
    username: z.string(),
    siteRole: SiteRole,
    status: z.enum(["active", "suspended"]),
    createdAt: Timestamp,
    lastSeenAt: Timestamp.nullable(),
    organizations: z.array(z.object({ id: Id, name: z.string(), role: OrganizationRole })),
  })
  .meta({ id: "User" });
export type User = z.output<typeof User>;

export const Organization = z
  .object({ id: Id, name: z.string(), isDefault: z.boolean(), createdAt: Timestamp })
  .meta({ id: "Organization" });
export type Organization = z.output<typeof Organization>;

export const Member = z
  .object({ userId: Id, email: z.string(), username: z.string(), role: OrganizationRole })
  .meta({ id: "Member" });
export type Member = z.output<typeof Member>;

const userParams = z.object({ userId: Id });
const organizationParams = z.object({ organizationId: Id });
const memberParams = z.object({ organizationId: Id, userId: Id });

export const userRoutes = {
  getSetup: route({
    method: "GET",
    path: "/setup",
    summary: "Whether the first administrator still has to be made",
    scope: "public",
    status: 200,
    response: z.object({ required: z.boolean(), version: z.string() }),
  }),
  completeSetup: route({
    method: "POST",
    path: "/setup",
    summary: "Make the first administrator with the one-time token that the server printed; signs in",
    scope: "public",
    body: z.object({ token: z.string().max(200), email: Email, username: Username, password: Password }),
    status: 201,
    response: User,
    problems: ["SETUP_DONE", "SETUP_TOKEN_WRONG"],
  }),
  login: route({
    method: "POST",
    path: "/login",
    summary: "Sign in with a password: a browser session, or an API token when `token` is given",
    scope: "public",
    body: z.object({
      email: z.string().max(254),
      password: z.string().max(1024),
      token: z.object({ name: line(64).min(1), expiresInDays: z.int().min(1).max(365).default(30) }).optional(),
    }),
    status: 200,
    response: z.object({ user: User, token: z.string().optional().describe("Shown once") }),
    problems: ["CREDENTIALS_WRONG", "TOO_MANY_ATTEMPTS", "USER_SUSPENDED"],
  }),
  logout: route({
    method: "POST",
    path: "/logout",
    summary: "End the session, or revoke the token, that this request carries",
    scope: "none",
    status: 204,
  }),
  getMe: route({
    method: "GET",
    path: "/users/me",
    summary: "Who this request speaks for",
    scope: "none",
    status: 200,
    response: User,
  }),
  changePassword: route({
    method: "POST",
    path: "/users/me/password",
    summary: "Change one's own password; every other session and token of the user ends",
    scope: "account:write",
    body: z.object({ currentPassword: z.string().max(1024), newPassword: Password }),
    status: 204,
    problems: ["CREDENTIALS_WRONG"],
  }),
  listUsers: route({
    method: "GET",
    path: "/users",
    summary: "List users",
    scope: "users:read",
    query: z.object({ ...pageQuery, search: line(100).optional() }),
    status: 200,
    response: pageOf(User),
  }),
  createUser: route({
    method: "POST",
    path: "/users",
    summary: "Add a user; without a password a temporary one is made and shown once",
    scope: "users:write",
    body: z.object({
      email: Email,
      username: Username,
      siteRole: SiteRole.default("member"),
      password: Password.optional(),
      organizationRole: OrganizationRole.default("member").describe("Role in the default organization"),
    }),
    status: 201,
    response: z.object({ user: User, temporaryPassword: z.string().optional() }),
    problems: ["NAME_TAKEN", "EMAIL_TAKEN"],
  }),
  updateUser: route({
    method: "PATCH",
    path: "/users/{userId}",
    summary: "Change a user's site role or suspend them",
    scope: "users:write",
    params: userParams,
    body: z.object({ siteRole: SiteRole.optional(), status: z.enum(["active", "suspended"]).optional() }),
    status: 200,
    response: User,
    problems: ["LAST_ADMIN"],
  }),
  listOrganizations: route({
    method: "GET",
    path: "/organizations",
    summary: "List the organizations one can see",
    scope: "none",
    query: z.object({ ...pageQuery }),
    status: 200,
    response: pageOf(Organization),
  }),
  createOrganization: route({
    method: "POST",
    path: "/organizations",
    summary: "Add an organization",
    scope: "users:write",
    body: z.object({ name: slug(64) }),
    status: 201,
    response: Organization,
    problems: ["NAME_TAKEN"],
  }),
  listMembers: route({
    method: "GET",
    path: "/organizations/{organizationId}/members",
    summary: "List the members of an organization",
    scope: "users:read",
    params: organizationParams,
    query: z.object({ ...pageQuery }),
    status: 200,
    response: pageOf(Member),
  }),
  putMember: route({
    method: "PUT",
    path: "/organizations/{organizationId}/members/{userId}",
    summary: "Add a member, or change their role",
    scope: "users:write",
    params: memberParams,
    body: z.object({ role: OrganizationRole }),
    status: 200,
    response: Member,
  }),
  removeMember: route({
    method: "DELETE",
    path: "/organizations/{organizationId}/members/{userId}",
    summary: "Remove a member",
    scope: "users:write",
    params: memberParams,
    status: 204,
    problems: ["MEMBER_HAS_WORKSPACES"],
  }),
};
