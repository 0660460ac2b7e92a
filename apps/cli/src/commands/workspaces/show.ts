import { defineCommand } from "../../command.ts";
import { findWorkspace } from "../../lookup/workspace.ts";
import { workspaceArgument } from "./action.ts";
import { workspaceCard } from "./view.ts";

export const command = defineCommand({
  summary: "Show a workspace",
  arguments: { workspace: workspaceArgument },
  examples: [
    { text: "Show dev", command: "berth ws show dev" },
    { text: "Only its state, for a script", command: "berth ws show dev --output json | jq -r .status" },
  ],
  async run(context, { arguments: { workspace: typed } }) {
    const workspace = await findWorkspace(await context.client(), typed, context.signal);
    await context.show(workspace, (value) => workspaceCard(value, context));
  },
});
