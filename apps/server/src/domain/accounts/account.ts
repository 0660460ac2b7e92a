import type { ApiToken, OrganizationRole, SiteRole, TokenScope, User } from "@berth/api";
import type { Actor } from "../actor.ts";
import type { Page, PageRequest } from "../page.ts";

/** What signing in needs to know of a user. */
export type Account = {
  id: string;
  username: string;
  passwordHash: string;
  status: "active" | "suspended";
};

export type NewUser = {
  id: string;
  email: string;
  username: string;
  passwordHash: string;
  siteRole: SiteRole;
  mustChangePassword: boolean;
};

export type UserStore = {
  /** Throws NAME_TAKEN and EMAIL_TAKEN. */
  insert(user: NewUser): Promise<void>;
  find(id: string): Promise<User | undefined>;
  list(page: PageRequest & { search?: string | undefined }): Promise<Page<User>>;
  findAccount(by: { email: string } | { id: string }): Promise<Account | undefined>;
  update(
    id: string,
    change: { siteRole?: SiteRole | undefined; status?: "active" | "suspended" | undefined },
  ): Promise<void>;
  setPassword(id: string, passwordHash: string): Promise<void>;
  /** Locks the active administrators until the transaction ends, so that two cannot leave at once. */
  lockAdministrators(): Promise<string[]>;
};

export type NewSession = {
  id: string;
  userId: string;
  secretHash: Buffer;
  createdAt: Date;
  expiresAt: Date;
  ip: string | null;
  userAgent: string | null;
};

export type NewApiToken = {
  id: string;
  userId: string;
  name: string;
  secretHash: Buffer;
  scopes: readonly TokenScope[];
  expiresAt: Date;
};

/** A credential that was shown, with whose it is. */
export type FoundCredential = {
  id: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date;
  scopes: readonly TokenScope[];
  user: Pick<Actor, "userId" | "username" | "siteRole" | "memberships"> & { status: "active" | "suspended" };
};

export type CredentialStore = {
  findSession(secretHash: Buffer): Promise<FoundCredential | undefined>;
  findToken(secretHash: Buffer): Promise<FoundCredential | undefined>;
  /** Notes that a credential was used, for its owner and for the sliding end of a session. */
  touch(credential: Actor["credential"], userId: string, at: Date, expiresAt: Date): Promise<void>;
  insertSession(session: NewSession): Promise<void>;
  /** Throws NAME_TAKEN. */
  insertToken(token: NewApiToken): Promise<ApiToken>;
  listTokens(userId: string, page: PageRequest): Promise<Page<ApiToken>>;
  tokenNames(userId: string): Promise<string[]>;
  /** The revoked token's name; `undefined` when the user has no such token. */
  deleteToken(userId: string, tokenId: string): Promise<string | undefined>;
  deleteSession(id: string): Promise<void>;
  /** Ends every session, and with `tokens` every token, of a user but the one given. */
  deleteAll(userId: string, what: { tokens: boolean; except?: Actor["credential"] }): Promise<void>;
  /** Removes what has expired, everybody's. */
  deleteExpired(now: Date): Promise<void>;
};

export type MemberStore = {
  put(organizationId: string, userId: string, role: OrganizationRole): Promise<unknown>;
};

/** A user who does something, as the audit log names them. */
export function accountActor(account: Pick<Account, "id" | "username">): Pick<Actor, "userId" | "username"> {
  return { userId: account.id, username: account.username };
}
