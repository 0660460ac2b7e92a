import { defineCommand } from "../../command.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { formatAge } from "../../output/format.ts";

export const command = defineCommand({
  summary: "List the organizations you can see",
  options: listOptions,
  examples: [{ text: "List organizations", command: "berth orgs ls" }],
  async run(context, { options }) {
    const { signal, io } = context;
    const client = await context.client();
    const page = await fetchList(options, (query) => client.listOrganizations({ query, signal }));
    const now = io.now();
    await showList(
      context,
      page,
      [
        { header: "NAME", value: ({ name }) => name },
        { header: "DEFAULT", value: ({ isDefault }) => (isDefault ? "yes" : "no") },
        { header: "CREATED", value: ({ createdAt }) => formatAge(createdAt, now) },
      ],
      "You belong to no organization.",
    );
  },
});
