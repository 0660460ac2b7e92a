import type { Actor } from "../actor.ts";
import { BerthError } from "../berth-error.ts";
import type { CredentialStore, FoundCredential } from "./account.ts";
import { hashSecret } from "./secrets.ts";

const dayMs = 24 * 3600_000;
/** A session ends after a week without use, and after a month whatever is done. */
export const sessionIdleMs = 7 * dayMs;
export const sessionMaxMs = 30 * dayMs;
/** How fresh "last used" is kept; a write for every request would be waste. */
const touchEveryMs = 60_000;

/** When a session that is used now ends. */
export function sessionExpiry(createdAt: Date, now: Date): Date {
  return new Date(Math.min(now.getTime() + sessionIdleMs, createdAt.getTime() + sessionMaxMs));
}

export type AuthenticationDeps = {
  credentials: Pick<CredentialStore, "findSession" | "findToken" | "touch">;
  clock: () => Date;
};

/** Tells who a session secret or an API token speaks for. */
export class Authentication {
  readonly #deps: AuthenticationDeps;

  constructor(deps: AuthenticationDeps) {
    this.#deps = deps;
  }

  /** Throws TOKEN_INVALID and USER_SUSPENDED. */
  async byToken(token: string): Promise<Actor> {
    const found = await this.#deps.credentials.findToken(hashSecret(token));
    if (!found || found.expiresAt <= this.#deps.clock())
      throw new BerthError("TOKEN_INVALID", "The API token is unknown, revoked or expired.");
    return await this.#actor(found, "token", found.expiresAt);
  }

  /** Throws SESSION_EXPIRED and USER_SUSPENDED. */
  async bySession(secret: string): Promise<Actor> {
    const now = this.#deps.clock();
    const found = await this.#deps.credentials.findSession(hashSecret(secret));
    if (!found || found.expiresAt <= now) throw new BerthError("SESSION_EXPIRED", "The session has ended.");
    return await this.#actor(found, "session", sessionExpiry(found.createdAt, now));
  }

  async #actor(found: FoundCredential, kind: "session" | "token", expiresAt: Date): Promise<Actor> {
    const { status, ...user } = found.user;
    if (status === "suspended") throw new BerthError("USER_SUSPENDED", "This user is suspended.");
    const credential = { kind, id: found.id };
    const now = this.#deps.clock();
    if (now.getTime() - (found.lastUsedAt?.getTime() ?? 0) > touchEveryMs)
      await this.#deps.credentials.touch(credential, user.userId, now, expiresAt);
    return { ...user, scopes: found.scopes, credential };
  }
}
