import { defineCommand } from "../../command.ts";
import { organizationField, orgOption } from "../../lookup/organization.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { registryColumns } from "./view.ts";

export const command = defineCommand({
  summary: "List registries",
  options: { org: orgOption, ...listOptions },
  examples: [
    { text: "List the registries you can see", command: "berth registries ls" },
    { text: "Their names, for a script", command: "berth registries ls --all --output json | jq -r '.items[].name'" },
  ],
  async run(context, { options }) {
    const { signal, io } = context;
    const client = await context.client();
    const organization = await organizationField(client, options.org, signal);
    const page = await fetchList(options, (query) =>
      client.listRegistries({ query: { ...query, ...organization }, signal }),
    );
    await showList(context, page, registryColumns(io.now()), "No registry is connected yet: berth registries add");
  },
});
