import { argument, defineCommand, text } from "../../command.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { findRegistry } from "../../lookup/registry.ts";
import { formatAge } from "../../output/format.ts";

export const command = defineCommand({
  summary: "List the repositories a registry holds",
  arguments: { registry: argument("registry", "name or id") },
  options: { search: text("--search <text>", "only those whose name contains this"), ...listOptions },
  examples: [
    { text: "List the repositories of prod", command: "berth registries repos prod" },
    { text: "As JSON", command: "berth registries repos prod --all --output json" },
  ],
  async run(context, { arguments: { registry: name }, options }) {
    const { signal, io } = context;
    const client = await context.client();
    const { id: registryId } = await findRegistry(client, name, signal);
    const search = options.search === undefined ? {} : { search: options.search };
    const page = await fetchList(options, (query) =>
      client.listRepositories({ params: { registryId }, query: { ...query, ...search }, signal }),
    );
    const now = io.now();
    await showList(
      context,
      page,
      [
        { header: "REPOSITORY", value: (repository) => repository.name },
        { header: "IMPORTED", value: (repository) => (repository.imageId ? "yes" : "no") },
        { header: "CREATED", value: (repository) => formatAge(repository.createdAt, now) },
      ],
      "The registry holds no such repository.",
    );
  },
});
