import { argument, defineCommand } from "../../command.ts";
import { findImage, referenceOf } from "../../lookup/image.ts";
import { visible } from "../../output/visible.ts";
import { imageArgument, registryOption } from "./argument.ts";

export const command = defineCommand({
  summary: "Stop offering a tag that no workspace uses",
  arguments: { image: imageArgument, tag: argument("tag", "tag to take away; not the default one") },
  options: { registry: registryOption },
  examples: [{ text: "Stop offering team/base:1", command: "berth images rm-tag team/base 1" }],
  async run(context, { arguments: { image: name, tag }, options }) {
    const { signal } = context;
    const client = await context.client();
    const { image } = await findImage(client, { name, registry: options.registry }, signal);
    await client.removeImageTag({ params: { imageId: image.id, tag }, signal });
    const changed = await client.getImage({ params: { imageId: image.id }, signal });
    await context.show(changed, () => `${visible(`${referenceOf(image)}:${tag}`)} is no longer offered.\n`);
  },
});
