import { argument, choice, defineCommand, given } from "../../command.ts";
import { usageError } from "../../errors/cli-error.ts";
import { findUser } from "../../lookup/user.ts";
import { table } from "../../output/table.ts";
import { siteRoles, userColumns } from "./view.ts";

export const command = defineCommand({
  summary: "Change a user's role, or suspend them",
  arguments: { user: argument("user", "username, address or id") },
  options: {
    role: choice("--role <role>", "role on the site", siteRoles),
    status: choice("--status <status>", "suspended: no sign-in, sessions and tokens end", ["active", "suspended"]),
  },
  examples: [
    { text: "Make somebody an administrator", command: "berth users edit kim --role admin" },
    { text: "Suspend somebody", command: "berth users edit kim --status suspended" },
  ],
  async run(context, { arguments: { user: name }, options }) {
    const body = given({ siteRole: options.role, status: options.status });
    if (Object.keys(body).length === 0) {
      throw usageError("There is nothing to change.", { text: "Give --role or --status." });
    }
    const client = await context.client();
    const { id } = await findUser(client, name, context.signal);
    const user = await client.updateUser({ params: { userId: id }, body, signal: context.signal });
    await context.show(user, () => table([user], userColumns(context.io.now())));
  },
});
