import { randomBytes } from "node:crypto";
import type { Client, User } from "@berth/api";
import { CliError } from "./errors/cli-error.ts";
import { reportOf } from "./errors/report.ts";

export type SignedIn = { user: User; token: string; tokenName: string };

/** The name of this machine's token: no longer than the API allows, and free of what it refuses. */
export function tokenNameFor(hostname: string): string {
  return `cli@${hostname.replace(/[^\w.-]/g, "-").slice(0, 50) || "unknown"}`;
}

/** A user name made from an address: what stands before the @, in the letters the API allows. */
export function usernameFrom(email: string): string {
  const words =
    email
      .split("@")[0]
      ?.toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  const name = words
    .join("-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  return name || "admin";
}

/**
 * Exchanges a password for an API token named after this machine, with a suffix when that name is taken. Throws what
 * the API throws.
 */
export async function signIn(
  client: Client,
  body: { email: string; password: string; expiresInDays?: number },
  hostname: string,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { email, password, ...expiry } = body;
  const name = tokenNameFor(hostname);
  for (const tokenName of [name, `${name}-${randomBytes(3).toString("hex")}`]) {
    try {
      const token = { name: tokenName, ...expiry };
      const answer = await client.login({ body: { email, password, token }, signal });
      if (answer.token === undefined) throw withoutToken();
      return { user: answer.user, token: answer.token, tokenName };
    } catch (error) {
      if (tokenName !== name || reportOf(error).problem.code !== "NAME_TAKEN") throw error;
    }
  }
  throw withoutToken();
}

function withoutToken(): CliError {
  return new CliError("unavailable", {
    code: "ANSWER_NOT_UNDERSTOOD",
    title: "The answer was not understood",
    detail: "The server signed you in but gave no token.",
    fix: { text: "Use the version of berth that belongs to the server." },
  });
}
