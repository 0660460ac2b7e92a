import { waitForBuild } from "../build/wait.ts";
import { argument, defineCommand, flag, given, number, requiredText, text } from "../command.ts";
import { findImage } from "../lookup/image.ts";
import { organizationField, orgOption } from "../lookup/organization.ts";
import { visible } from "../output/visible.ts";

export const command = defineCommand({
  summary: "Create a workspace from an image and start it",
  description: "Without a tag the image's default tag is used, and without sizes the image's.",
  arguments: { name: argument("name", "what to call it: lower-case letters, digits, single hyphens") },
  options: {
    image: requiredText("--image <image>", "team/base:1, HOST/team/base:1, or an image's id"),
    registry: text("--registry <name>", "the image's registry, where several have such a repository"),
    cpu: number("--cpu <cores>", "cores"),
    memory: number("--memory <gib>", "memory, in GiB"),
    disk: number("--disk <gib>", "home, in GiB", { isWhole: true }),
    org: orgOption,
    wait: flag("--wait", "show the build and return when the workspace runs"),
  },
  examples: [
    { text: "Create a workspace and wait until it runs", command: "berth create dev --image team/base:1 --wait" },
    { text: "With more than the image's sizes", command: "berth create big --image team/base --cpu 8 --memory 16" },
  ],
  async run(context, { arguments: { name }, options }) {
    const { signal } = context;
    const client = await context.client();
    const organization = await organizationField(client, options.org, signal);
    const query = { name: options.image, registry: options.registry, ...organization };
    const { image, tag } = await findImage(client, query, signal);
    const sizes = given({ cpu: options.cpu, memoryGb: options.memory, diskGb: options.disk });
    const body = { ...organization, name, imageId: image.id, ...(tag === undefined ? {} : { tag }), ...sizes };
    const made = await client.createWorkspace({ body, signal });
    const shown = visible(made.name);
    if (!options.wait) {
      return context.show(made, () => `Creating ${shown}. Follow it: berth ws logs ${shown} --follow\n`);
    }
    await waitForBuild(context, client, made);
    const now = await client.getWorkspace({ params: { workspaceId: made.id }, signal });
    await context.show(now, () => `${shown} is ${now.status}. Work in it: berth exec ${shown}\n`);
  },
});
