import type { Client } from "@berth/api";
import { argument, defineCommand } from "../../command.ts";
import { ambiguous, notFound } from "../../lookup/not-found.ts";
import { everyItem } from "../../lookup/page.ts";
import { visible } from "../../output/visible.ts";

export const command = defineCommand({
  summary: "Revoke one of your API tokens",
  arguments: { token: argument("token", "name or id") },
  examples: [{ text: "Revoke the token ci", command: "berth tokens rm ci" }],
  async run(context, { arguments: { token: name } }) {
    const client = await context.client();
    const token = await findToken(client, name, context.signal);
    await client.deleteToken({ params: { tokenId: token.id }, signal: context.signal });
    await context.show(token, () => `Revoked ${visible(token.name)}.\n`);
  },
});

async function findToken(client: Client, name: string, signal: AbortSignal) {
  const found = [];
  for await (const token of everyItem((query) => client.listTokens({ query, signal }))) {
    if (token.id === name) return token;
    if (token.name === name) found.push(token);
  }
  const [only] = found;
  if (!only) throw notFound("token", name, "berth tokens ls");
  if (found.length === 1) return only;
  throw ambiguous(
    "tokens",
    name,
    found.map(({ id }) => id),
    "Give the id instead of the name.",
  );
}
