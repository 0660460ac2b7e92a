import { choice, defineCommand, flag, text } from "../../command.ts";
import { usageError } from "../../errors/cli-error.ts";
import { findImage } from "../../lookup/image.ts";
import { organizationField, orgOption } from "../../lookup/organization.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { workspaceColumns } from "./view.ts";

const statuses = ["pending", "starting", "running", "stopping", "stopped", "deleting", "failed"] as const;

export const command = defineCommand({
  summary: "List workspaces, your own unless told otherwise",
  options: {
    owner: text("--owner <username>", "somebody's workspaces"),
    allOwners: flag("--all-owners", "everybody's workspaces that you may see"),
    status: choice("--status <status>", "only those in this state", statuses),
    image: text("--image <image>", "only those of this image"),
    org: orgOption,
    ...listOptions,
  },
  examples: [
    { text: "Your workspaces", command: "berth ws ls" },
    { text: "Everybody's that failed", command: "berth ws ls --all-owners --status failed" },
  ],
  async run(context, { options }) {
    const { signal } = context;
    if (options.allOwners && options.owner !== undefined) {
      throw usageError("--owner and --all-owners exclude each other.", { text: "Give one of them." });
    }
    const client = await context.client();
    const organization = await organizationField(client, options.org, signal);
    const image =
      options.image === undefined
        ? undefined
        : (await findImage(client, { name: options.image, registry: undefined, ...organization }, signal)).image;
    const owner = options.allOwners ? "all" : options.owner;
    const filter = {
      ...organization,
      ...(owner === undefined ? {} : { owner }),
      ...(options.status === undefined ? {} : { status: options.status }),
      ...(image === undefined ? {} : { imageId: image.id }),
    };
    const page = await fetchList(options, (query) => client.listWorkspaces({ query: { ...query, ...filter }, signal }));
    const columns = workspaceColumns(context, owner !== undefined);
    await showList(context, page, columns, "There is no such workspace: berth create NAME --image team/base:1");
  },
});
