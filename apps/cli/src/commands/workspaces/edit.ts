import { defineCommand, given, number, text } from "../../command.ts";
import { usageError } from "../../errors/cli-error.ts";
import { findWorkspace } from "../../lookup/workspace.ts";
import { workspaceArgument } from "./action.ts";
import { workspaceCard } from "./view.ts";

export const command = defineCommand({
  summary: "Change a workspace's sizes or tag, from the next rebuild on",
  arguments: { workspace: workspaceArgument },
  options: {
    cpu: number("--cpu <cores>", "cores"),
    memory: number("--memory <gib>", "memory, in GiB"),
    disk: number("--disk <gib>", "home, in GiB; it cannot shrink", { isWhole: true }),
    tag: text("--tag <tag>", "another tag of its image"),
  },
  examples: [
    { text: "Give dev more memory", command: "berth ws edit dev --memory 8 && berth ws rebuild dev --wait" },
    { text: "Move dev to another tag", command: "berth ws edit dev --tag 2 && berth ws rebuild dev --wait" },
  ],
  async run(context, { arguments: { workspace: typed }, options }) {
    const body = given({ cpu: options.cpu, memoryGb: options.memory, diskGb: options.disk, tag: options.tag });
    if (Object.keys(body).length === 0) {
      throw usageError("There is nothing to change.", { text: "Give --cpu, --memory, --disk or --tag." });
    }
    const { signal } = context;
    const client = await context.client();
    const { id } = await findWorkspace(client, typed, signal);
    const workspace = await client.updateWorkspace({ params: { workspaceId: id }, body, signal });
    await context.show(workspace, (value) => workspaceCard(value, context));
    await context.note("It applies at the next rebuild.\n");
  },
});
