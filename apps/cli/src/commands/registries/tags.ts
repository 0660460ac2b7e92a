import { argument, defineCommand, text } from "../../command.ts";
import { repositoryOn } from "../../lookup/image-reference.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { findRegistry } from "../../lookup/registry.ts";
import { formatAge, formatBytes, shortDigest } from "../../output/format.ts";

export const command = defineCommand({
  summary: "List the tags of a repository, newest first",
  arguments: {
    registry: argument("registry", "name or id"),
    repository: argument("repository", "as team/base"),
  },
  options: { search: text("--search <text>", "only tags that contain this"), ...listOptions },
  examples: [
    { text: "List the tags of team/base", command: "berth registries tags prod team/base" },
    { text: "As JSON", command: "berth registries tags prod team/base --output json" },
  ],
  async run(context, { arguments: { registry: name, repository: typed }, options }) {
    const { signal, io } = context;
    const client = await context.client();
    const registry = await findRegistry(client, name, signal);
    const repository = repositoryOn(registry.registry, typed) ?? typed;
    const search = options.search === undefined ? {} : { search: options.search };
    const page = await fetchList(options, (query) =>
      client.listRegistryTags({
        params: { registryId: registry.id },
        query: { ...query, repository, ...search },
        signal,
      }),
    );
    const now = io.now();
    await showList(
      context,
      page,
      [
        { header: "TAG", value: ({ tag }) => tag },
        { header: "DIGEST", value: ({ digest }) => shortDigest(digest) },
        { header: "SIZE", value: ({ sizeBytes }) => formatBytes(sizeBytes), align: "right" },
        { header: "PUSHED", value: ({ pushedAt }) => formatAge(pushedAt, now) },
        { header: "IMPORTED", value: ({ imported }) => (imported ? "yes" : "no") },
      ],
      "The repository holds no such tag.",
    );
  },
});
