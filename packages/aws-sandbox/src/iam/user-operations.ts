import { toIsoSeconds } from "../clock.ts";
import { pageOf } from "../query/parameters.ts";
import type { QueryContext, QueryOperation } from "../query/service.ts";
import { members } from "../query/xml.ts";
import type { Authorizer } from "./authorizer.ts";
import type { IdentityStore } from "./identity-store.ts";
import type { UserRecord } from "./records.ts";

export type IamDeps = { identities: IdentityStore; authorizer: Authorizer };

function authorize(deps: IamDeps, { call, principal }: QueryContext, resource: string): void {
  const question = { action: `iam:${call.operation}`, resource, resourceAccount: principal.account };
  deps.authorizer.authorize(call, principal, question);
}

/** Asks IAM about a user, existing or not; the caller itself where the call names nobody. */
export function authorizeOnUser(deps: IamDeps, context: QueryContext, userName: string): void {
  const { account } = context.principal;
  const user = deps.identities.findUser(account, userName);
  const arn = user ? deps.identities.userArn(account, user) : `arn:aws:iam::${account}:user/${userName}`;
  authorize(deps, context, arn);
}

export function namedUser({ parameters, principal }: QueryContext): string {
  return parameters.optional("UserName") === undefined ? principal.userName : parameters.name("UserName", 128);
}

function view(deps: IamDeps, account: string, user: UserRecord) {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.userId,
    Arn: deps.identities.userArn(account, user),
    CreateDate: toIsoSeconds(user.createdAt),
  };
}

/** CreateUser, GetUser, ListUsers, DeleteUser. */
export function userOperations(deps: IamDeps): Record<string, QueryOperation> {
  return {
    CreateUser(context) {
      const { parameters, principal } = context;
      const name = parameters.name("UserName", 64);
      const path = parameters.path("Path");
      authorize(deps, context, `arn:aws:iam::${principal.account}:user${path}${name}`);
      const user = deps.identities.createUser(principal.account, name, path);
      return { User: view(deps, principal.account, user) };
    },
    GetUser(context) {
      const name = namedUser(context);
      authorizeOnUser(deps, context, name);
      const { account } = context.principal;
      return { User: view(deps, account, deps.identities.requireUser(account, name)) };
    },
    ListUsers(context) {
      const { account } = context.principal;
      authorize(deps, context, `arn:aws:iam::${account}:user/`);
      const prefix = context.parameters.optional("PathPrefix") ?? "/";
      const users = [...deps.identities.tables.users.entries(account).values()];
      const matching = users.filter((user) => user.path.startsWith(prefix));
      const { page, ...rest } = pageOf(matching, context.parameters, (user) => user.name);
      return { ...rest, Users: members(page.map((user) => view(deps, account, user))) };
    },
    DeleteUser(context) {
      const name = context.parameters.name("UserName", 128);
      authorizeOnUser(deps, context, name);
      deps.identities.deleteUser(context.principal.account, name);
      return undefined;
    },
  };
}
