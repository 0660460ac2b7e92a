import type { AuditEvent } from "@berth/api";
import { defineCommand, given, text } from "../../command.ts";
import { fetchList, listOptions, showList } from "../../lookup/page.ts";
import { findUser } from "../../lookup/user.ts";

export const command = defineCommand({
  summary: "List what changed, newest first",
  options: {
    action: text("--action <action>", "only this action, as registry.create"),
    kind: text("--kind <kind>", "only changes to this kind of thing, as registry"),
    user: text("--user <user>", "only what this user did, by username, address or id"),
    ...listOptions,
  },
  examples: [
    { text: "The last changes", command: "berth audit ls --limit 20" },
    { text: "What one person did to registries", command: "berth audit ls --user kim --kind registry" },
  ],
  async run(context, { options }) {
    const { signal } = context;
    const client = await context.client();
    const actorId = options.user === undefined ? undefined : (await findUser(client, options.user, signal)).id;
    const filter = given({ action: options.action, targetKind: options.kind, actorId });
    const page = await fetchList(options, (query) => client.listAudit({ query: { ...query, ...filter }, signal }));
    await showList(
      context,
      page,
      [
        { header: "TIME", value: ({ time }) => time.replace(/\.\d+Z$/, "Z") },
        { header: "WHO", value: ({ actor }) => actor.username ?? "berth" },
        { header: "ACTION", value: ({ action }) => action },
        { header: "TARGET", value: ({ target }) => target.name ?? target.id ?? "" },
        { header: "CHANGES", value: changesOf },
      ],
      "Nothing was recorded.",
    );
  },
});

function changesOf({ changes }: AuditEvent): string {
  return Object.keys(changes).join(", ");
}
