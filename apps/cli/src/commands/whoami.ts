import { defineCommand } from "../command.ts";
import { card } from "../output/table.ts";
import { visible } from "../output/visible.ts";

export const command = defineCommand({
  summary: "Show who you are signed in as, and where",
  examples: [
    { text: "Show the user and the server", command: "berth whoami" },
    { text: "Only the e-mail address, for a script", command: "berth whoami --output json | jq -r .email" },
  ],
  async run(context) {
    const { client, url } = await context.session();
    const user = await client.getMe({ signal: context.signal });
    await context.show(user, () =>
      card([
        ["User", `${visible(user.email)} (${visible(user.username)})`],
        ["Role", user.siteRole],
        ["Organizations", user.organizations.map(({ name, role }) => `${visible(name)} (${role})`).join(", ")],
        ["Server", url],
      ]),
    );
  },
});
