import type { Client } from "@berth/api";
import { parseServerUrl } from "./config/server-url.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./errors/cli-error.ts";

/** A server to talk to and what to show it. */
export type Session = { url: string; token: string; client: Client };

function signInFirst(detail: string): CliError {
  return new CliError("forbidden", {
    code: "SIGN_IN_REQUIRED",
    title: "Sign-in is required",
    detail,
    fix: {
      text: "Sign in, or set BERTH_URL and BERTH_TOKEN.",
      command: "berth login http://localhost:7080 --email you@example.com",
    },
  });
}

/**
 * Finds the server and the token: `--url`, then BERTH_URL, then the current server; BERTH_TOKEN, then the token saved
 * for exactly that server. Throws SIGN_IN_REQUIRED.
 */
export async function findCredential(
  environment: Environment,
  urlOption: string | undefined,
): Promise<{ url: string; token: string }> {
  const given = urlOption ?? environment.url;
  if (given !== undefined && environment.token !== undefined) {
    return { url: parseServerUrl(given), token: environment.token };
  }
  const { readConfig } = await import("./config/config-file.ts");
  const config = await readConfig(environment.configFile);
  const url = given === undefined ? config.current : parseServerUrl(given);
  if (url === undefined) throw signInFirst("You are not signed in to any Berth server.");
  const token = environment.token ?? config.servers[url]?.token;
  if (token === undefined) throw signInFirst(`You are not signed in to ${url}.`);
  return { url, token };
}

/** A `fetch` whose failures are sentences: nothing answered, rather than `fetch failed`. */
export function sayingUnreachable(url: string): typeof fetch {
  return async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (cause) {
      if (init?.signal?.aborted) throw init.signal.reason;
      throw unreachable(url, cause);
    }
  };
}

/** The server did not answer at all. */
export function unreachable(url: string, cause: unknown): CliError {
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = (reason as NodeJS.ErrnoException | undefined)?.code;
  return new CliError(
    "unavailable",
    {
      code: "SERVER_UNREACHABLE",
      title: "The server does not answer",
      detail: `No Berth server answers at ${url}${code ? ` (${code})` : ""}.`,
      fix: { text: "Check the URL, and that the server runs; start one here with `berth server`." },
      retryable: true,
    },
    { cause },
  );
}

/** Opens a typed client on a server. */
export async function openClient(url: string, token?: string): Promise<Client> {
  const { createClient } = await import("@berth/api");
  return createClient({ baseUrl: url, ...(token === undefined ? {} : { token }), fetch: sayingUnreachable(url) });
}
