import { defineCommand } from "../../command.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { formatAge } from "../../output/format.ts";

export const command = defineCommand({
  summary: "List your API tokens",
  options: listOptions,
  examples: [{ text: "List tokens and when each was used last", command: "berth tokens ls" }],
  async run(context, { options }) {
    const { signal, io } = context;
    const client = await context.client();
    const page = await fetchList(options, (query) => client.listTokens({ query, signal }));
    const now = io.now();
    await showList(
      context,
      page,
      [
        { header: "NAME", value: ({ name }) => name },
        { header: "SCOPES", value: ({ scopes }) => scopes.join(" ") },
        { header: "EXPIRES", value: ({ expiresAt }) => formatAge(expiresAt, now) },
        { header: "LAST USED", value: ({ lastUsedAt }) => (lastUsedAt ? formatAge(lastUsedAt, now) : "never") },
        { header: "ID", value: ({ id }) => id },
      ],
      "You have no API token: berth tokens create",
    );
  },
});
