import { argument, defineCommand, given, number, text } from "../../command.ts";
import { findImportTarget } from "../../lookup/import-target.ts";
import { organizationField, orgOption } from "../../lookup/organization.ts";
import { imageCard } from "./view.ts";

export const command = defineCommand({
  summary: "Import a tag of a repository, to create workspaces from",
  description: "Without --registry, the one registry with that host is used.",
  arguments: { reference: argument("reference", "HOST/team/base:1, or team/base:1 with --registry") },
  options: {
    registry: text("--registry <name>", "registry to import from, by name or id"),
    description: text("--description <text>", "what the image is for"),
    sourceUrl: text("--source-url <url>", "where it is made, e.g. its git repository"),
    cpu: number("--cpu <cores>", "cores of a new workspace"),
    memory: number("--memory <gib>", "memory of a new workspace, in GiB"),
    disk: number("--disk <gib>", "home of a new workspace, in GiB", { isWhole: true }),
    org: orgOption,
  },
  examples: [
    {
      text: "Import a tag with the sizes of its workspaces",
      command:
        "berth images import 123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/base:1 --registry prod --cpu 2 --memory 4 --disk 10",
    },
    { text: "The registry alone gives the host", command: "berth images import team/base:1 --registry prod" },
  ],
  async run(context, { arguments: { reference }, options }) {
    const { signal, io } = context;
    const client = await context.client();
    const { registry, repository, tag } = await findImportTarget(client, reference, options.registry, signal);
    const image = await client.importImage({
      body: {
        ...(await organizationField(client, options.org, signal)),
        registryId: registry.id,
        repository,
        tag,
        ...given({
          description: options.description,
          sourceUrl: options.sourceUrl,
          cpu: options.cpu,
          memoryGb: options.memory,
          diskGb: options.disk,
        }),
      },
      signal,
    });
    await context.show(image, (value) => imageCard(value, io.now()));
  },
});
