import { argument, choicesOf, defineCommand, number } from "../../command.ts";
import { writeAll } from "../../io.ts";
import { formatAge } from "../../output/format.ts";
import { visible } from "../../output/visible.ts";

const scopes = [
  "all",
  "account:write",
  "registries:read",
  "registries:write",
  "images:read",
  "images:write",
  "workspaces:read",
  "workspaces:write",
  "workspaces:connect",
  "users:read",
  "users:write",
  "audit:read",
  "metrics:read",
] as const;

export const command = defineCommand({
  summary: "Make an API token; its value is shown once",
  description: "The token alone goes to standard output; what it may do is said on standard error.",
  arguments: { name: argument("name", "what to call it") },
  options: {
    scope: choicesOf("--scope <scope>", "what it may do, several times for several (default: all)", scopes),
    expires: number("--expires <days>", "days until it ends, up to 365 (default: 30)", { isWhole: true }),
  },
  examples: [
    {
      text: "A token that may only look",
      command: "berth tokens create dashboard --scope workspaces:read --expires 90",
    },
    { text: "Keep a token in a file of your own", command: "(umask 077; berth tokens create ci > token)" },
  ],
  async run(context, { arguments: { name }, options }) {
    const body = {
      name,
      ...(options.scope.length === 0 ? {} : { scopes: options.scope }),
      ...(options.expires === undefined ? {} : { expiresInDays: options.expires }),
    };
    const { client } = await context.session();
    const made = await client.createToken({ body, signal: context.signal });
    const { apiToken } = made;
    await context.show(made, () => `${visible(made.token)}\n`);
    const expiry = formatAge(apiToken.expiresAt, context.io.now());
    if (context.output === "table") {
      const scopeNames = visible(apiToken.scopes.join(", "));
      await writeAll(
        context.io.stderr,
        `${visible(apiToken.name)} (${scopeNames}) ends ${expiry}. It is not shown again.\n`,
      );
    }
  },
});
