import { argument, defineCommand, flag } from "../../command.ts";
import { findRegistry } from "../../lookup/registry.ts";
import { visible } from "../../output/visible.ts";
import { confirm } from "../../prompts/ask.ts";

export const command = defineCommand({
  summary: "Remove a registry that no image refers to",
  arguments: { registry: argument("registry", "name or id") },
  options: { yes: flag("-y, --yes", "do not ask") },
  examples: [{ text: "Remove the registry old", command: "berth registries rm old --yes" }],
  async run(context, { arguments: { registry: name }, options }) {
    const client = await context.client();
    const registry = await findRegistry(client, name, context.signal);
    if (!options.yes) await confirm(context, `Remove the registry ${registry.name} (${registry.registry})?`);
    await client.deleteRegistry({ params: { registryId: registry.id }, signal: context.signal });
    await context.show(registry, () => `Removed ${visible(registry.name)}.\n`);
  },
});
