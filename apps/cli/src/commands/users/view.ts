import type { User } from "@berth/api";
import { formatAge } from "../../output/format.ts";
import type { Column } from "../../output/table.ts";

/** Roles on the whole site, and in an organization, as the API names them. */
export const siteRoles = ["admin", "manager", "auditor", "member"] as const;
export const organizationRoles = ["super_manager", "manager", "image_manager", "importer", "member"] as const;

/** The columns of `users ls`. */
export function userColumns(now: Date): Column<User>[] {
  return [
    { header: "USERNAME", value: ({ username }) => username },
    { header: "E-MAIL", value: ({ email }) => email },
    { header: "ROLE", value: ({ siteRole }) => siteRole },
    { header: "STATUS", value: ({ status }) => status },
    { header: "ORGANIZATIONS", value: ({ organizations }) => organizations.map(({ name }) => name).join(" ") },
    { header: "LAST SEEN", value: ({ lastSeenAt }) => (lastSeenAt ? formatAge(lastSeenAt, now) : "never") },
  ];
}
