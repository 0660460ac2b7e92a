import { argument, choice, defineCommand, flag, requiredText, text } from "../../command.ts";
import { usageError } from "../../errors/cli-error.ts";
import { organizationField, orgOption } from "../../lookup/organization.ts";
import { visible } from "../../output/visible.ts";
import { askSecret } from "../../prompts/secret.ts";
import { checkText } from "./view.ts";

const kinds = ["ecr", "ecr_public", "docker_hub", "ghcr", "gar", "acr", "generic"] as const;

export const command = defineCommand({
  summary: "Connect a registry",
  description:
    "With --access-key-id the secret access key is read from a prompt, or from one line of standard input; it is never an option. Without a key, the server uses its own IAM role, where an administrator allows that.",
  arguments: { name: argument("name", "what to call it") },
  options: {
    kind: choice("--kind <kind>", "kind of registry (default: ecr)", kinds),
    registry: requiredText("--registry <host>", "its host; a pasted URL is understood"),
    accessKeyId: text("--access-key-id <id>", "AWS access key ID"),
    check: flag("--check", "test the connection first, and connect only when it works"),
    org: orgOption,
  },
  examples: [
    {
      text: "Connect a private ECR registry; the secret is asked for",
      command:
        "berth registries add prod --kind ecr --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com --access-key-id AKIAIOSFODNN7EXAMPLE",
    },
    {
      text: "From a script, the secret from a file",
      command: "berth registries add prod --registry HOST --access-key-id AKIAIOSFODNN7EXAMPLE < secret.txt",
    },
  ],
  async run(context, { arguments: { name }, options }) {
    const { signal, io } = context;
    const { accessKeyId } = options;
    if (accessKeyId === "")
      throw usageError("The access key ID is empty.", { text: "Leave --access-key-id out to use a role." });
    const { client } = await context.session();
    const organization = await organizationField(client, options.org, signal);
    const keys =
      accessKeyId === undefined
        ? {}
        : {
            accessKeyId,
            secretAccessKey: await askSecret({ io, signal }, "Secret access key: ", "The secret access key"),
          };
    const body = { name, kind: options.kind ?? ("ecr" as const), registry: options.registry, ...keys, ...organization };
    if (options.check) {
      const check = await client.checkNewRegistry({ body, signal });
      await context.note(checkText(check, context));
      if (!check.ok) {
        context.setExitCode(6);
        return context.show(check, () => "The registry was not connected.\n");
      }
    }
    const registry = await client.createRegistry({ body, signal });
    await context.show(
      registry,
      () =>
        `Connected ${visible(registry.name)}: ${visible(registry.registry)}.\nTest it: berth registries check ${visible(registry.name)}\n`,
    );
  },
});
