import { choice, defineCommand, given, number, text } from "../../command.ts";
import { usageError } from "../../errors/cli-error.ts";
import { findImage } from "../../lookup/image.ts";
import { imageArgument, registryOption } from "./argument.ts";
import { imageCard } from "./view.ts";

export const command = defineCommand({
  summary: "Change an image's description, source, sizes or default tag, or deprecate it",
  arguments: { image: imageArgument },
  options: {
    registry: registryOption,
    description: text("--description <text>", "what the image is for"),
    sourceUrl: text("--source-url <url>", "where it is made; empty for none"),
    cpu: number("--cpu <cores>", "cores of a new workspace"),
    memory: number("--memory <gib>", "memory of a new workspace, in GiB"),
    disk: number("--disk <gib>", "home of a new workspace, in GiB", { isWhole: true }),
    defaultTag: text("--default-tag <tag>", "tag of a new workspace that names none"),
    deprecated: choice("--deprecated <yes|no>", "yes: no new workspaces from it", ["yes", "no"]),
  },
  examples: [
    { text: "Give new workspaces more memory", command: "berth images edit team/base --memory 8" },
    { text: "Let nobody create workspaces from it any more", command: "berth images edit team/base --deprecated yes" },
  ],
  async run(context, { arguments: { image: name }, options }) {
    const { signal, io } = context;
    const body = given({
      description: options.description,
      sourceUrl: options.sourceUrl === "" ? null : options.sourceUrl,
      cpu: options.cpu,
      memoryGb: options.memory,
      diskGb: options.disk,
      defaultTag: options.defaultTag,
      isDeprecated: options.deprecated === undefined ? undefined : options.deprecated === "yes",
    });
    if (Object.keys(body).length === 0) {
      throw usageError("There is nothing to change.", {
        text: "See what can be:",
        command: "berth images edit --help",
      });
    }
    const client = await context.client();
    const { image } = await findImage(client, { name, registry: options.registry }, signal);
    const changed = await client.updateImage({ params: { imageId: image.id }, body, signal });
    await context.show(changed, (value) => imageCard(value, io.now()));
  },
});
