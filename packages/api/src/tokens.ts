import { z } from "zod";
import { Id, line, pageOf, pageQuery, Timestamp } from "./common.ts";
import { route } from "./route.ts";

/** What a token can be limited to. `all` is everything its owner may do. */
export const TokenScope = z.enum([
  "all",
  "account:write",
  "registries:read",
  "registries:write",
  "images:read",
  "images:write",
  "workspaces:read",
  "workspaces:write",
  "workspaces:connect",
  "users:read",
  "users:write",
  "audit:read",
  "metrics:read",
]);
export type TokenScope = z.output<typeof TokenScope>;

export const ApiToken = z
  .object({
    id: Id,
    name: z.string(),
    scopes: z.array(TokenScope),
    createdAt: Timestamp,
    expiresAt: Timestamp,
    lastUsedAt: Timestamp.nullable(),
  })
  .meta({ id: "ApiToken" });
export type ApiToken = z.output<typeof ApiToken>;

export const tokenRoutes = {
  listTokens: route({
    method: "GET",
    path: "/tokens",
    summary: "List one's own API tokens",
    scope: "account:write",
    query: z.object({ ...pageQuery }),
    status: 200,
    response: pageOf(ApiToken),
  }),
  createToken: route({
    method: "POST",
    path: "/tokens",
    summary: "Make an API token; its value is shown once",
    scope: "account:write",
    body: z.object({
      name: line(64).min(1),
      scopes: z.array(TokenScope).min(1).default(["all"]),
      expiresInDays: z.int().min(1).max(365).default(30),
    }),
    status: 201,
    response: z.object({ token: z.string(), apiToken: ApiToken }),
    problems: ["NAME_TAKEN", "SCOPE_TOO_WIDE"],
  }),
  deleteToken: route({
    method: "DELETE",
    path: "/tokens/{tokenId}",
    summary: "Revoke one of one's own API tokens",
    scope: "account:write",
    params: z.object({ tokenId: Id }),
    status: 204,
  }),
};
