import { randomUUID } from "node:crypto";
import type { User } from "@berth/api";
import type { Actor, Origin } from "../actor.ts";
import type { AuditLog } from "../audit.ts";
import { BerthError } from "../berth-error.ts";
import type { Transact } from "../transact.ts";
import { type Account, accountActor, type CredentialStore, type UserStore } from "./account.ts";
import { sessionExpiry } from "./authentication.ts";
import { hashPassword, verifyNobodysPassword, verifyPassword } from "./passwords.ts";
import { hashSecret, newApiToken, newSessionSecret } from "./secrets.ts";
import type { SignInThrottle } from "./sign-in-throttle.ts";

type Stores = {
  users: Pick<UserStore, "find" | "setPassword">;
  credentials: Pick<
    CredentialStore,
    "insertSession" | "insertToken" | "tokenNames" | "deleteToken" | "deleteSession" | "deleteAll" | "deleteExpired"
  >;
  audit: AuditLog;
};

export type SignInDeps = {
  users: Pick<UserStore, "findAccount">;
  isSetUp(): Promise<boolean>;
  transaction: Transact<Stores>;
  throttle: SignInThrottle;
  clock: () => Date;
};

export type LoginRequest = {
  email: string;
  password: string;
  token?: { name: string; expiresInDays: number } | undefined;
};
export type From = { origin: Origin; userAgent: string | null };
/** Whom a sign-in made known, and what it hands out: a session's secret or an API token. */
export type SignedIn = { user: User } & ({ session: { secret: string; expiresAt: Date } } | { token: string });

const wrong = () => new BerthError("CREDENTIALS_WRONG", "The address or the password is wrong.");

/** Passwords in, sessions and tokens out. */
export class SignIn {
  readonly #deps: SignInDeps;

  constructor(deps: SignInDeps) {
    this.#deps = deps;
  }

  /** Throws CREDENTIALS_WRONG, TOO_MANY_ATTEMPTS, USER_SUSPENDED and, before set-up, SETUP_REQUIRED. */
  async login(request: LoginRequest, from: From): Promise<SignedIn> {
    const email = request.email.trim();
    const account = email.includes("\0") ? undefined : await this.#deps.users.findAccount({ email });
    if (!(await this.#isRight(account, email, request.password, from.origin))) {
      if (!(await this.#deps.isSetUp())) throw new BerthError("SETUP_REQUIRED", "Berth has no administrator yet.");
      throw wrong();
    }
    if (!account) throw wrong();
    if (account.status === "suspended") throw new BerthError("USER_SUSPENDED", "This user is suspended.");
    return await this.#deps.transaction(async (stores) => {
      const user = await stores.users.find(account.id);
      if (!user) throw wrong();
      await stores.credentials.deleteExpired(this.#deps.clock());
      const { token } = request;
      return {
        user,
        ...(token ? await this.#newToken(stores, account, token, from) : await this.#newSession(stores, account, from)),
      };
    });
  }

  /** Opens a session for a user who has just been made. */
  async openSession(
    stores: Pick<Stores, "credentials" | "audit">,
    account: Pick<Account, "id" | "username">,
    from: From,
  ) {
    return (await this.#newSession(stores, account, from)).session;
  }

  /** Ends the session, or revokes the token, that the actor came with. */
  async logout(actor: Actor, origin: Origin): Promise<void> {
    await this.#deps.transaction(async ({ credentials, audit }) => {
      const { kind, id } = actor.credential;
      const name = kind === "token" ? await credentials.deleteToken(actor.userId, id) : null;
      if (kind === "session") await credentials.deleteSession(id);
      await audit.record({ action: `${kind}.delete`, actor, origin, target: { kind, id, name: name ?? null } });
    });
  }

  /** Throws CREDENTIALS_WRONG and TOO_MANY_ATTEMPTS. Every other session and token of the user ends. */
  async changePassword(actor: Actor, current: string, next: string, origin: Origin): Promise<void> {
    const account = await this.#deps.users.findAccount({ id: actor.userId });
    if (!account || !(await this.#isRight(account, account.id, current, origin)))
      throw new BerthError("CREDENTIALS_WRONG", "The current password is wrong.");
    const passwordHash = await hashPassword(next);
    await this.#deps.transaction(async ({ users, credentials, audit }) => {
      await users.setPassword(actor.userId, passwordHash);
      await credentials.deleteAll(actor.userId, { tokens: true, except: actor.credential });
      const target = { kind: "user", id: actor.userId, name: actor.username };
      await audit.record({ action: "user.change_password", actor, origin, target });
    });
  }

  /** Counts, then verifies; unknown people take as long as known ones. */
  async #isRight(account: Account | undefined, key: string, password: string, origin: Origin): Promise<boolean> {
    const throttled = key.toLowerCase();
    this.#deps.throttle.attempt(throttled, origin.ip);
    const isRight = account
      ? await verifyPassword(password, account.passwordHash)
      : await verifyNobodysPassword(password);
    if (isRight) this.#deps.throttle.succeeded(throttled, origin.ip);
    return isRight;
  }

  async #newSession(
    { credentials, audit }: Pick<Stores, "credentials" | "audit">,
    account: Pick<Account, "id" | "username">,
    { origin, userAgent }: From,
  ) {
    const [id, secret, createdAt] = [randomUUID(), newSessionSecret(), this.#deps.clock()];
    const expiresAt = sessionExpiry(createdAt, createdAt);
    const { ip } = origin;
    const secretHash = hashSecret(secret);
    await credentials.insertSession({ id, userId: account.id, secretHash, createdAt, expiresAt, ip, userAgent });
    const target = { kind: "session", id, name: null };
    await audit.record({ action: "session.create", actor: accountActor(account), origin, target });
    return { session: { secret, expiresAt } };
  }

  async #newToken(
    { credentials, audit }: Stores,
    account: Account,
    wanted: { name: string; expiresInDays: number },
    { origin }: From,
  ) {
    const [id, token] = [randomUUID(), newApiToken()];
    const name = freeName(wanted.name, await credentials.tokenNames(account.id));
    const expiresAt = new Date(this.#deps.clock().getTime() + wanted.expiresInDays * 24 * 3600_000);
    await credentials.insertToken({
      id,
      userId: account.id,
      name,
      secretHash: hashSecret(token),
      scopes: ["all"],
      expiresAt,
    });
    const target = { kind: "token", id, name };
    const changes = { scopes: { from: null, to: ["all"] } };
    await audit.record({ action: "token.create", actor: accountActor(account), origin, target, changes });
    return { token };
  }
}

/** Signing in again from one machine must work, and must not sign out another of the same name. */
function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  for (let count = 2; taken.includes(name); count += 1) name = `${wanted} ${count}`;
  return name;
}
