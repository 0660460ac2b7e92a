import { defineCommand, text } from "../../command.ts";
import { organizationField, orgOption } from "../../lookup/organization.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { findRegistry } from "../../lookup/registry.ts";
import { imageColumns } from "./view.ts";

export const command = defineCommand({
  summary: "List imported images",
  options: {
    registry: text("--registry <name>", "only those of this registry"),
    search: text("--search <text>", "only those whose repository contains this"),
    org: orgOption,
    ...listOptions,
  },
  examples: [
    { text: "List images", command: "berth images ls" },
    { text: "Those of one registry", command: "berth images ls --registry prod" },
  ],
  async run(context, { options }) {
    const { signal, io } = context;
    const client = await context.client();
    const filter = {
      ...(await organizationField(client, options.org, signal)),
      ...(options.registry === undefined
        ? {}
        : { registryId: (await findRegistry(client, options.registry, signal)).id }),
      ...(options.search === undefined ? {} : { search: options.search }),
    };
    const page = await fetchList(options, (query) => client.listImages({ query: { ...query, ...filter }, signal }));
    await showList(context, page, imageColumns(io.now()), "No image is imported yet: berth images import");
  },
});
