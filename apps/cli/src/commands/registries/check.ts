import { argument, defineCommand, text } from "../../command.ts";
import { exitCodes } from "../../errors/cli-error.ts";
import { findRegistry } from "../../lookup/registry.ts";
import { checkText } from "./view.ts";

export const command = defineCommand({
  summary: "Test a registry's connection, step by step",
  description: "Leaves with 6 when a step fails, and says how to put it right.",
  arguments: { registry: argument("registry", "name or id") },
  options: { repository: text("--repository <name>", "test with this repository, where the key may not list") },
  examples: [
    { text: "Test the registry prod", command: "berth registries check prod" },
    {
      text: "With a key that may read one repository only",
      command: "berth registries check prod --repository team/base",
    },
  ],
  async run(context, { arguments: { registry: name }, options }) {
    const { signal } = context;
    const client = await context.client();
    const { id } = await findRegistry(client, name, signal);
    const body = options.repository === undefined ? {} : { repository: options.repository };
    const check = await client.checkRegistry({ params: { registryId: id }, body, signal });
    await context.show(check, (value) => checkText(value, context));
    if (!check.ok) context.setExitCode(exitCodes.unavailable);
  },
});
