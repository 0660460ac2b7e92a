import type { Client } from "@berth/api";
import { text } from "../command.ts";
import { isId, notFound } from "./not-found.ts";
import { everyItem } from "./page.ts";

/** The option of every command that works in one organization. */
export const orgOption = text("--org <name>", "organization, by name or id (default: the default one)");

/** The id of an organization, to be spread into a request; nothing when none was named. Throws NOT_FOUND. */
export async function organizationField(
  client: Client,
  name: string | undefined,
  signal: AbortSignal,
): Promise<{ organizationId?: string }> {
  if (name === undefined) return {};
  if (isId(name)) return { organizationId: name };
  for await (const organization of everyItem((query) => client.listOrganizations({ query, signal }))) {
    if (organization.name === name) return { organizationId: organization.id };
  }
  throw notFound("organization", name, "berth orgs ls");
}
