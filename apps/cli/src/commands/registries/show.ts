import { argument, defineCommand } from "../../command.ts";
import { findRegistry } from "../../lookup/registry.ts";
import { registryCard } from "./view.ts";

export const command = defineCommand({
  summary: "Show a registry; its secret never comes back",
  arguments: { registry: argument("registry", "name or id") },
  examples: [{ text: "Show the registry prod", command: "berth registries show prod" }],
  async run(context, { arguments: { registry: name } }) {
    const registry = await findRegistry(await context.client(), name, context.signal);
    await context.show(registry, (value) => registryCard(value, context.io.now()));
  },
});
