import { defineCommand, flag } from "../command.ts";
import { readConfig, writeConfig } from "../config/config-file.ts";
import { parseServerUrl } from "../config/server-url.ts";
import { openClient } from "../session.ts";

export const command = defineCommand({
  summary: "Revoke this machine's token and forget the server",
  options: { all: flag("--all", "sign out of every server") },
  examples: [
    { text: "Sign out of the current server", command: "berth logout" },
    { text: "Sign out of every server", command: "berth logout --all" },
  ],
  async run(context, { options }) {
    const { configFile, url: environmentUrl } = context.environment;
    const config = await readConfig(configFile);
    const given = context.url ?? environmentUrl;
    const chosen = given === undefined ? config.current : parseServerUrl(given);
    const urls = Object.keys(config.servers).filter((url) => options.all || url === chosen);
    const results: { url: string; revoked: boolean }[] = [];
    for (const url of urls) {
      const client = await openClient(url, config.servers[url]?.token);
      // A server that is gone must not keep us from forgetting it; the token then ends by itself.
      const revoked = await client.logout({ signal: context.signal }).then(
        () => true,
        () => false,
      );
      context.signal.throwIfAborted();
      results.push({ url, revoked });
    }
    const servers = Object.fromEntries(Object.entries(config.servers).filter(([url]) => !urls.includes(url)));
    const current = config.current !== undefined && config.current in servers ? config.current : undefined;
    await writeConfig(configFile, { ...(current === undefined ? {} : { current }), servers });
    await context.show({ items: results }, () => textOf(results));
  },
});

function textOf(results: readonly { url: string; revoked: boolean }[]): string {
  if (results.length === 0) return "You were not signed in.\n";
  return results
    .map(({ url, revoked }) =>
      revoked
        ? `Signed out of ${url}.\n`
        : `Forgot ${url}. It did not confirm that the token is revoked; look there under tokens.\n`,
    )
    .join("");
}
