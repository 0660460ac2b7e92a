import { defineCommand } from "../../command.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { findWorkspace } from "../../lookup/workspace.ts";
import { workspaceArgument } from "./action.ts";
import { buildColumns } from "./view.ts";

export const command = defineCommand({
  summary: "List a workspace's builds, newest first",
  arguments: { workspace: workspaceArgument },
  options: listOptions,
  examples: [{ text: "What was done to dev", command: "berth ws builds dev" }],
  async run(context, { arguments: { workspace: typed }, options }) {
    const { signal } = context;
    const client = await context.client();
    const { id: workspaceId } = await findWorkspace(client, typed, signal);
    const page = await fetchList(options, (query) => client.listBuilds({ params: { workspaceId }, query, signal }));
    await showList(context, page, buildColumns(context), "It has no builds.");
  },
});
