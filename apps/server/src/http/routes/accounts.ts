import type { ApiTokens } from "../../domain/accounts/api-tokens.ts";
import type { Members } from "../../domain/accounts/members.ts";
import type { Setup } from "../../domain/accounts/setup.ts";
import type { SignIn } from "../../domain/accounts/sign-in.ts";
import type { Users } from "../../domain/accounts/users.ts";
import type { AuditTrail } from "../../domain/audit-trail.ts";
import type { Organizations } from "../../domain/organizations.ts";
import type { Handlers } from "../handler.ts";

export type AccountRoutesDeps = {
  setup: Setup;
  signIn: SignIn;
  users: Users;
  organizations: Organizations;
  members: Members;
  apiTokens: ApiTokens;
  auditTrail: AuditTrail;
  version: string;
};

type SignInRoute = "getSetup" | "completeSetup" | "login" | "logout" | "getMe" | "changePassword";
type PeopleRoute = "listUsers" | "createUser" | "updateUser" | "listMembers" | "putMember" | "removeMember";
type OtherRoute =
  | "listOrganizations"
  | "createOrganization"
  | "listTokens"
  | "createToken"
  | "deleteToken"
  | "listAudit";

/** Set-up, sign-in, people, organizations, tokens and the audit log. */
export function accountHandlers(deps: AccountRoutesDeps): Pick<Handlers, SignInRoute | PeopleRoute | OtherRoute> {
  return { ...signInHandlers(deps), ...peopleHandlers(deps), ...otherHandlers(deps) };
}

function signInHandlers({ setup, signIn, users, version }: AccountRoutesDeps): Pick<Handlers, SignInRoute> {
  return {
    getSetup: async () => ({ required: await setup.isRequired(), version }),
    completeSetup: async ({ body, origin, userAgent, sessionCookie }) => {
      const { token, ...admin } = body;
      const { user, session } = await setup.complete(token, admin, { origin, userAgent });
      if (session) sessionCookie.set(session.secret, session.expiresAt);
      return user;
    },
    login: async ({ body, origin, userAgent, sessionCookie }) => {
      const signedIn = await signIn.login(body, { origin, userAgent });
      if ("token" in signedIn) return { user: signedIn.user, token: signedIn.token };
      sessionCookie.set(signedIn.session.secret, signedIn.session.expiresAt);
      return { user: signedIn.user };
    },
    logout: async ({ actor, origin, sessionCookie }) => {
      await signIn.logout(actor, origin);
      if (actor.credential.kind === "session") sessionCookie.clear();
    },
    getMe: async ({ actor }) => await users.me(actor),
    changePassword: async ({ actor, body, origin }) =>
      await signIn.changePassword(actor, body.currentPassword, body.newPassword, origin),
  };
}

function peopleHandlers({ users, members }: AccountRoutesDeps): Pick<Handlers, PeopleRoute> {
  return {
    listUsers: async ({ actor, query }) => await users.list(actor, query),
    createUser: async ({ actor, body, origin }) => await users.create(actor, body, origin),
    updateUser: async ({ actor, params, body, origin }) => await users.update(actor, params.userId, body, origin),
    listMembers: async ({ actor, params, query }) => await members.list(actor, params.organizationId, query),
    putMember: async ({ actor, params, body, origin }) =>
      await members.put(actor, params.organizationId, params.userId, body.role, origin),
    removeMember: async ({ actor, params, origin }) =>
      await members.remove(actor, params.organizationId, params.userId, origin),
  };
}

function otherHandlers({ organizations, apiTokens, auditTrail }: AccountRoutesDeps): Pick<Handlers, OtherRoute> {
  return {
    listOrganizations: async ({ actor, query }) => await organizations.list(actor, query),
    createOrganization: async ({ actor, body, origin }) => await organizations.create(actor, body.name, origin),
    listTokens: async ({ actor, query }) => await apiTokens.list(actor, query),
    createToken: async ({ actor, body, origin }) => await apiTokens.create(actor, body, origin),
    deleteToken: async ({ actor, params, origin }) => await apiTokens.revoke(actor, params.tokenId, origin),
    listAudit: async ({ actor, query }) => await auditTrail.list(actor, query),
  };
}
