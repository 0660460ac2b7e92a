import type { IncomingMessage } from "node:http";
import type { Scope } from "@berth/api";
import type { Actor } from "../domain/actor.ts";
import { requireScope } from "../domain/authorization.ts";
import { BerthError } from "../domain/berth-error.ts";
import { refuseOtherSites, requireOwnOrigin, requireOwnPage } from "./same-origin.ts";
import { sessionSecret } from "./session-cookie.ts";

/** Turns what a request shows into who it speaks for. Both throw TOKEN_INVALID, SESSION_EXPIRED or USER_SUSPENDED. */
export type Authenticator = {
  byToken(token: string): Promise<Actor>;
  bySession(secret: string): Promise<Actor>;
};

export type AuthenticateOptions = {
  authenticator: Authenticator;
  /** Origin of the access URL, e.g. `https://berth.example.com`. */
  accessOrigin: string;
};

const safeMethods = new Set(["GET", "HEAD"]);

function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) throw new BerthError("TOKEN_INVALID", "The Authorization header is not a bearer token.");
  return token;
}

/**
 * Who a request speaks for, once its scope and, for cookies, its origin have been checked. A bearer token wins over a
 * cookie. Throws SIGN_IN_REQUIRED, CSRF_REFUSED, SCOPE_MISSING and what the authenticator throws.
 */
export async function authenticate(
  message: IncomingMessage,
  scope: Scope,
  { authenticator, accessOrigin }: AuthenticateOptions,
): Promise<Actor | undefined> {
  const isUpgrade = message.headers.upgrade !== undefined && message.method === "GET";
  const isSafe = safeMethods.has(message.method ?? "");
  if (scope === "public") {
    if (!isSafe) refuseOtherSites(message, accessOrigin);
    return undefined;
  }
  const token = bearerToken(message.headers.authorization);
  const secret = token === undefined ? sessionSecret(message.headers.cookie) : undefined;
  if (token === undefined && secret === undefined)
    throw new BerthError("SIGN_IN_REQUIRED", "This needs somebody who is signed in.");
  if (secret !== undefined && isUpgrade) requireOwnOrigin(message, accessOrigin);
  else if (secret !== undefined && !isSafe) requireOwnPage(message, accessOrigin);
  const actor = token === undefined ? await authenticator.bySession(secret ?? "") : await authenticator.byToken(token);
  requireScope(actor, scope);
  return actor;
}
