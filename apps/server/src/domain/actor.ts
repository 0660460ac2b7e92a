import type { OrganizationRole, SiteRole, TokenScope } from "@berth/api";

/** Who a request speaks for, with what they carry. Built once a request; the domain asks nothing else about identity. */
export type Actor = {
  userId: string;
  username: string;
  siteRole: SiteRole;
  memberships: readonly { organizationId: string; role: OrganizationRole }[];
  /** What the token is limited to; a browser session has `all`. */
  scopes: readonly TokenScope[];
  /** The session or token that was shown. */
  credential: { kind: "session" | "token"; id: string };
};

/** Where a change comes from, for the audit log. */
export type Origin = { requestId: string | null; ip: string | null };
