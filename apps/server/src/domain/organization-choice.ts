import { notFound } from "./authorization.ts";

/** Finds the organization that is meant when a request names none. */
export type DefaultOrganization = { findDefault(): Promise<{ id: string } | undefined> };

/** The organization a request names, or the default one. Throws NOT_FOUND before set-up has made that. */
export async function organizationOr(organizations: DefaultOrganization, id: string | undefined): Promise<string> {
  const chosen = id ?? (await organizations.findDefault())?.id;
  if (chosen === undefined) throw notFound("organization");
  return chosen;
}
