import { defineCommand, text } from "../../command.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { userColumns } from "./view.ts";

export const command = defineCommand({
  summary: "List users",
  options: { search: text("--search <text>", "only those whose name or address contains this"), ...listOptions },
  examples: [{ text: "List everybody", command: "berth users ls --all" }],
  async run(context, { options }) {
    const { signal, io } = context;
    const client = await context.client();
    const search = options.search === undefined ? {} : { search: options.search };
    const page = await fetchList(options, (query) => client.listUsers({ query: { ...query, ...search }, signal }));
    await showList(context, page, userColumns(io.now()), "There is no such user.");
  },
});
