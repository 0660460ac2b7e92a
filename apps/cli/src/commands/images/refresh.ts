import { defineCommand } from "../../command.ts";
import { findImage } from "../../lookup/image.ts";
import { imageArgument, registryOption } from "./argument.ts";
import { imageCard } from "./view.ts";

export const command = defineCommand({
  summary: "Ask the registry for every tag's digest now",
  arguments: { image: imageArgument },
  options: { registry: registryOption },
  examples: [{ text: "See whether team/base moved on", command: "berth images refresh team/base" }],
  async run(context, { arguments: { image: name }, options: { registry } }) {
    const client = await context.client();
    const { image } = await findImage(client, { name, registry }, context.signal);
    const fresh = await client.refreshImage({ params: { imageId: image.id }, signal: context.signal });
    await context.show(fresh, (value) => imageCard(value, context.io.now()));
  },
});
