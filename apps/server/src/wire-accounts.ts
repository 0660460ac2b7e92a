import { auditStore } from "./db/stores/audit-store.ts";
import { credentialStore } from "./db/stores/credential-store.ts";
import { installationStore } from "./db/stores/installation-store.ts";
import { memberStore } from "./db/stores/member-store.ts";
import { organizationStore } from "./db/stores/organization-store.ts";
import { userStore } from "./db/stores/user-store.ts";
import { type Executor, transact } from "./db/transaction.ts";
import { ApiTokens } from "./domain/accounts/api-tokens.ts";
import { Authentication } from "./domain/accounts/authentication.ts";
import { Members } from "./domain/accounts/members.ts";
import { Setup } from "./domain/accounts/setup.ts";
import { SignIn } from "./domain/accounts/sign-in.ts";
import { SignInThrottle } from "./domain/accounts/sign-in-throttle.ts";
import { Users } from "./domain/accounts/users.ts";
import { AuditTrail } from "./domain/audit-trail.ts";
import { Organizations } from "./domain/organizations.ts";
import { accountHandlers } from "./http/routes/accounts.ts";

export type AccountsOptions = { db: Executor; clock: () => Date; version: string };

export type WiredAccounts = {
  handlers: ReturnType<typeof accountHandlers>;
  authentication: Authentication;
  setup: Setup;
};

/** Puts users, sign-in, organizations, tokens and the audit log together. */
export function wireAccounts({ db, clock, version }: AccountsOptions): WiredAccounts {
  const transaction = transact(db, (tx) => ({
    installation: installationStore(tx),
    users: userStore(tx),
    members: memberStore(tx),
    organizations: organizationStore(tx),
    credentials: credentialStore(tx),
    audit: auditStore(tx),
  }));
  const installation = installationStore(db);
  const users = userStore(db);
  const credentials = credentialStore(db);
  const throttle = new SignInThrottle(() => clock().getTime());
  const signIn = new SignIn({ users, isSetUp: installation.isSetUp, transaction, throttle, clock });
  const setup = new Setup({ installation, signIn, transaction });
  const handlers = accountHandlers({
    setup,
    signIn,
    users: new Users({ users, transaction }),
    organizations: new Organizations({ organizations: organizationStore(db), transaction }),
    members: new Members({ members: memberStore(db), transaction }),
    apiTokens: new ApiTokens({ credentials, transaction, clock }),
    auditTrail: new AuditTrail(auditStore(db)),
    version,
  });
  return { handlers, authentication: new Authentication({ credentials, clock }), setup };
}
