import { argument, defineCommand, flag } from "../../command.ts";
import { findImage } from "../../lookup/image.ts";
import { imageArgument, registryOption } from "./argument.ts";
import { imageCard } from "./view.ts";

export const command = defineCommand({
  summary: "Offer another tag of an image",
  arguments: { image: imageArgument, tag: argument("tag", "tag in the registry") },
  options: { registry: registryOption, default: flag("--default", "make it the default tag") },
  examples: [{ text: "Offer team/base:2, by default", command: "berth images add-tag team/base 2 --default" }],
  async run(context, { arguments: { image: name, tag }, options }) {
    const { signal, io } = context;
    const client = await context.client();
    const { image } = await findImage(client, { name, registry: options.registry }, signal);
    const body = { tag, isDefault: options.default };
    const changed = await client.addImageTag({ params: { imageId: image.id }, body, signal });
    await context.show(changed, (value) => imageCard(value, io.now()));
  },
});
