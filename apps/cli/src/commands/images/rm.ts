import { defineCommand, flag } from "../../command.ts";
import { findImage, referenceOf } from "../../lookup/image.ts";
import { visible } from "../../output/visible.ts";
import { confirm } from "../../prompts/ask.ts";
import { imageArgument, registryOption } from "./argument.ts";

export const command = defineCommand({
  summary: "Remove an image that no workspace uses; the registry keeps it",
  arguments: { image: imageArgument },
  options: { registry: registryOption, yes: flag("-y, --yes", "do not ask") },
  examples: [{ text: "Remove team/old", command: "berth images rm team/old --yes" }],
  async run(context, { arguments: { image: name }, options }) {
    const client = await context.client();
    const { image } = await findImage(client, { name, registry: options.registry }, context.signal);
    if (!options.yes) await confirm(context, `Remove the image ${referenceOf(image)} from Berth?`);
    await client.deleteImage({ params: { imageId: image.id }, signal: context.signal });
    await context.show(image, () => `Removed ${visible(referenceOf(image))}.\n`);
  },
});
