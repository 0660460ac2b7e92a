import { argument, choice, defineCommand, flag, text } from "../../command.ts";
import { visible } from "../../output/visible.ts";
import { askSecret } from "../../prompts/secret.ts";
import { organizationRoles, siteRoles } from "./view.ts";

export const command = defineCommand({
  summary: "Add a user; a temporary password is made and shown once",
  arguments: { email: argument("email", "the user's address") },
  options: {
    username: text("--username <name>", "short name (default: what stands before the @)"),
    role: choice("--role <role>", "role on the site (default: member)", siteRoles),
    orgRole: choice("--org-role <role>", "role in the default organization (default: member)", organizationRoles),
    password: flag("--password", "set a password of your choice; it is asked for, or read from standard input"),
  },
  examples: [
    { text: "Add a developer", command: "berth users add kim@example.com" },
    { text: "Add somebody who may manage images", command: "berth users add kim@example.com --org-role image_manager" },
  ],
  async run(context, { arguments: { email }, options }) {
    const { io, signal } = context;
    const { client } = await context.session();
    const password = options.password
      ? { password: await askSecret({ io, signal }, "Password: ", "The password") }
      : {};
    const body = {
      email,
      username: options.username ?? usernameFrom(email),
      ...(options.role === undefined ? {} : { siteRole: options.role }),
      ...(options.orgRole === undefined ? {} : { organizationRole: options.orgRole }),
      ...password,
    };
    const made = await client.createUser({ body, signal });
    const temporary = made.temporaryPassword;
    const shown = temporary === undefined ? "" : `Temporary password, not shown again: ${visible(temporary)}\n`;
    await context.show(made, () => `Added ${visible(made.user.email)} as ${visible(made.user.username)}.\n${shown}`);
  },
});

/** A name the API accepts, from what stands before the @ of an address. */
export function usernameFrom(email: string): string {
  const local = email.split("@", 1)[0] ?? "";
  const words = local.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return (
    words
      .replace(/^[-0-9]+|-+$/g, "")
      .slice(0, 32)
      .replace(/-+$/, "") || "user"
  );
}
