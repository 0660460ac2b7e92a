import { defineCommand } from "../../command.ts";
import { findWorkspace } from "../../lookup/workspace.ts";
import { visible } from "../../output/visible.ts";
import { workspaceArgument } from "./action.ts";

export const command = defineCommand({
  summary: "Cancel the build that is under way",
  arguments: { workspace: workspaceArgument },
  examples: [{ text: "Stop creating dev", command: "berth ws cancel dev" }],
  async run(context, { arguments: { workspace: typed } }) {
    const client = await context.client();
    const { id } = await findWorkspace(client, typed, context.signal);
    const workspace = await client.cancelBuild({ params: { workspaceId: id }, signal: context.signal });
    await context.show(workspace, () => `Canceling the build of ${visible(workspace.name)}.\n`);
  },
});
