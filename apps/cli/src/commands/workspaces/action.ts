import type { Client, Workspace } from "@berth/api";
import { waitForBuild } from "../../build/wait.ts";
import { argument, type Command, defineCommand, type Example, flag } from "../../command.ts";
import { findWorkspace, workspaceName } from "../../lookup/workspace.ts";
import { visible } from "../../output/visible.ts";

export const workspaceArgument = argument("workspace", "name, owner/name, or id");

type Action = {
  summary: string;
  description?: string;
  examples: readonly Example[];
  call(client: Client, args: { params: { workspaceId: string }; signal: AbortSignal }): Promise<Workspace>;
  /** Said when nothing is waited for, before the name. */
  doing: string;
};

/** A command that asks for another state of a workspace, and may wait for it: start, stop, restart, rebuild. */
export function actionCommand(action: Action): Command {
  return defineCommand({
    summary: action.summary,
    ...(action.description === undefined ? {} : { description: action.description }),
    arguments: { workspace: workspaceArgument },
    options: { wait: flag("--wait", "show the build and return when it has ended") },
    examples: action.examples,
    async run(context, { arguments: { workspace: typed }, options: { wait } }) {
      const { signal } = context;
      const client = await context.client();
      const { id } = await findWorkspace(client, typed, signal);
      const asked = await action.call(client, { params: { workspaceId: id }, signal });
      const name = visible(workspaceName(asked, typed));
      if (!wait) {
        return context.show(asked, () => `${action.doing} ${name}. Follow it: berth ws logs ${name} --follow\n`);
      }
      await waitForBuild(context, client, asked);
      const now = await client.getWorkspace({ params: { workspaceId: id }, signal });
      await context.show(now, () => `${name} is ${now.status}.\n`);
    },
  });
}
