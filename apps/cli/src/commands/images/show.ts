import { defineCommand } from "../../command.ts";
import { findImage } from "../../lookup/image.ts";
import { imageArgument, registryOption } from "./argument.ts";
import { imageCard } from "./view.ts";

export const command = defineCommand({
  summary: "Show an image with its tags and digests",
  arguments: { image: imageArgument },
  options: { registry: registryOption },
  examples: [{ text: "Show team/base", command: "berth images show team/base" }],
  async run(context, { arguments: { image: name }, options: { registry } }) {
    const { image } = await findImage(await context.client(), { name, registry }, context.signal);
    await context.show(image, (value) => imageCard(value, context.io.now()));
  },
});
