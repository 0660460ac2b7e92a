import type { FastifyReply } from "fastify";
import type { SessionCookieWriter } from "./handler.ts";

const name = "berth_session";

/** The session secret in a `Cookie` header. */
export function sessionSecret(header: string | undefined): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name && value) return value;
  }
  return undefined;
}

/** Writes the cookie on an answer; scripts never see it, other sites' requests do not carry it. */
export function sessionCookieWriter(reply: FastifyReply, isSecure: boolean): SessionCookieWriter {
  const write = (value: string, lifetime: string) => {
    const attributes = ["Path=/", "HttpOnly", "SameSite=Lax", lifetime, ...(isSecure ? ["Secure"] : [])];
    reply.header("set-cookie", [`${name}=${value}`, ...attributes].join("; "));
  };
  return {
    set: (secret, expiresAt) => write(secret, `Expires=${expiresAt.toUTCString()}`),
    clear: () => write("", "Max-Age=0"),
  };
}
