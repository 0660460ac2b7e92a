import { argument, defineCommand, flag, given, text } from "../../command.ts";
import { usageError } from "../../errors/cli-error.ts";
import { findRegistry } from "../../lookup/registry.ts";
import { askSecret } from "../../prompts/secret.ts";
import { registryCard } from "./view.ts";

export const command = defineCommand({
  summary: "Change a registry's name, host or keys",
  description:
    "A new host needs the keys again. With --access-key-id or --secret the secret access key is read from a prompt, or from one line of standard input.",
  arguments: { registry: argument("registry", "name or id") },
  options: {
    name: text("--name <name>", "new name"),
    host: text("--registry <host>", "new host"),
    accessKeyId: text("--access-key-id <id>", "new AWS access key ID; its secret is asked for"),
    secret: flag("--secret", "replace the secret of the same access key; it is asked for"),
  },
  examples: [
    { text: "Rename a registry", command: "berth registries edit prod --name production" },
    { text: "Rotate its key", command: "berth registries edit prod --access-key-id AKIAIOSFODNN7EXAMPLE" },
  ],
  async run(context, { arguments: { registry: typed }, options }) {
    const { signal, io } = context;
    const fields = given({ name: options.name, registry: options.host, accessKeyId: options.accessKeyId });
    const needsSecret = options.secret || options.accessKeyId !== undefined;
    if (Object.keys(fields).length === 0 && !needsSecret) {
      throw usageError("There is nothing to change.", {
        text: "Give --name, --registry, --access-key-id or --secret.",
      });
    }
    const client = await context.client();
    const { id } = await findRegistry(client, typed, signal);
    const secret = needsSecret
      ? { secretAccessKey: await askSecret({ io, signal }, "Secret access key: ", "The secret access key") }
      : {};
    const registry = await client.updateRegistry({
      params: { registryId: id },
      body: { ...fields, ...secret },
      signal,
    });
    await context.show(registry, (value) => registryCard(value, io.now()));
  },
});
