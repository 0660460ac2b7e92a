import { waitUntilGone } from "../../build/wait.ts";
import { defineCommand, flag } from "../../command.ts";
import { findWorkspace, workspaceName } from "../../lookup/workspace.ts";
import { visible } from "../../output/visible.ts";
import { confirm } from "../../prompts/ask.ts";
import { workspaceArgument } from "./action.ts";

export const command = defineCommand({
  summary: "Delete a workspace and its home",
  arguments: { workspace: workspaceArgument },
  options: {
    yes: flag("-y, --yes", "do not ask"),
    wait: flag("--wait", "return when it is gone"),
  },
  examples: [{ text: "Delete dev without being asked", command: "berth ws rm dev --yes" }],
  async run(context, { arguments: { workspace: typed }, options }) {
    const { signal } = context;
    const client = await context.client();
    const found = await findWorkspace(client, typed, signal);
    const name = visible(workspaceName(found, typed));
    if (!options.yes) await confirm(context, `Delete the workspace ${name} and everything in its home?`);
    const workspace = await client.deleteWorkspace({ params: { workspaceId: found.id }, signal });
    if (options.wait) await waitUntilGone(context, client, workspace);
    await context.show(workspace, () => (options.wait ? `Deleted ${name}.\n` : `Deleting ${name}.\n`));
  },
});
