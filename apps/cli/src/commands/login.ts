import type { Client } from "@berth/api";
import { defineCommand, flag, number, optionalArgument, text } from "../command.ts";
import { readConfig, type SavedServer, writeConfig } from "../config/config-file.ts";
import { parseServerUrl, requireSecure } from "../config/server-url.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors/cli-error.ts";
import { reportOf } from "../errors/report.ts";
import { visible } from "../output/visible.ts";
import { optionOrAsk } from "../prompts/ask.ts";
import { askSecret } from "../prompts/secret.ts";
import { openClient } from "../session.ts";
import { signIn, usernameFrom } from "../sign-in.ts";

export const command = defineCommand({
  summary: "Sign in to a Berth server and remember it",
  description:
    "The password is read from a prompt, or from one line of standard input; it is never an option. An API token named after this machine is made and kept in the configuration directory, readable by you alone. The server becomes the current one. Without --email, a server that remembers you becomes the current one again.",
  arguments: { url: optionalArgument("url", "the server's URL (default: BERTH_URL, then the current server)") },
  options: {
    email: text("--email <address>", "who signs in"),
    expires: number("--expires <days>", "days until the token ends (default: 30)", { isWhole: true }),
    insecureHttp: flag("--insecure-http", "send the password without encryption to another machine"),
  },
  examples: [
    {
      text: "Sign in; the password is asked for",
      command: "berth login http://localhost:7080 --email admin@example.com",
    },
    {
      text: "Sign in from a script",
      command: "berth login https://berth.example.com --email ci@example.com < password.txt",
    },
    { text: "Make a server the current one again", command: "berth login https://berth.example.com" },
    {
      text: "Make the first administrator with the set-up URL that the server printed",
      command: "berth login 'http://localhost:7080/setup#token=…' --email admin@example.com",
    },
  ],
  async run(context, { arguments: { url: typed }, options }) {
    const { io, signal } = context;
    const setupToken = setupTokenIn(typed);
    const url = await chosenUrl(context, setupToken === undefined ? typed : new URL("/", typed).href);
    if (options.email === undefined && (await useSaved(context, url))) return;
    requireSecure(url, options.insecureHttp);
    const email = await optionOrAsk({ io, signal }, options.email, "E-mail: ", "--email");
    const password = await askSecret({ io, signal }, "Password: ", "The password");
    const client = await openClient(url);
    if (setupToken !== undefined) await completeSetup(context, client, { token: setupToken, email, password });
    const expiry = options.expires === undefined ? {} : { expiresInDays: options.expires };
    const made = await signIn(client, { email, password, ...expiry }, context.installation.hostname, signal);
    const replaced = await save(context, url, { token: made.token, email: made.user.email, tokenName: made.tokenName });
    if (replaced && replaced.token !== made.token) await revoke(await openClient(url, replaced.token), signal);
    await context.show(made.user, () => `Signed in to ${url} as ${visible(made.user.email)}.\n`);
  },
});

/** The one-time token in the fragment of a set-up URL. */
function setupTokenIn(typed: string | undefined): string | undefined {
  return /^https?:\/\/[^#]*\/setup#token=([\w-]+)$/.exec(typed ?? "")?.[1];
}

/** Makes the first administrator; the user name is what stands before the @, as far as a user name may be that. */
async function completeSetup(
  context: Context,
  client: Client,
  first: { token: string; email: string; password: string },
): Promise<void> {
  const { signal } = context;
  const username = usernameFrom(first.email);
  const user = await client.completeSetup({ body: { ...first, username }, signal });
  context.io.stderr.write(`Made ${visible(user.username)} the first administrator.\n`);
}

async function chosenUrl(context: Context, typed: string | undefined): Promise<string> {
  const given = typed ?? context.url ?? context.environment.url;
  if (given !== undefined) return parseServerUrl(given);
  const { current } = await readConfig(context.environment.configFile);
  if (current !== undefined) return current;
  throw usageError("Say which server to sign in to.", {
    text: "Give its URL:",
    command: "berth login http://localhost:7080 --email you@example.com",
  });
}

/** Makes a server current that still knows us. */
async function useSaved(context: Context, url: string): Promise<boolean> {
  const saved = (await readConfig(context.environment.configFile)).servers[url];
  if (!saved) return false;
  try {
    const client = await openClient(url, saved.token);
    const user = await client.getMe({ signal: context.signal });
    await save(context, url, saved);
    await context.show(
      user,
      () => `Already signed in to ${url} as ${visible(user.email)}; it is the current server now.\n`,
    );
    return true;
  } catch (error) {
    if (reportOf(error).problem.code === "TOKEN_INVALID") return false;
    throw error;
  }
}

/** Remembers a server; gives what was remembered before. */
async function save(context: Context, url: string, server: SavedServer): Promise<SavedServer | undefined> {
  const file = context.environment.configFile;
  const config = await readConfig(file);
  await writeConfig(file, { current: url, servers: { ...config.servers, [url]: server } });
  return config.servers[url];
}

/** The token that was replaced is of no use to anybody; failing to end it is no reason to fail the sign-in. */
async function revoke(client: Client, signal: AbortSignal): Promise<void> {
  await client.logout({ signal }).catch(() => undefined);
}
