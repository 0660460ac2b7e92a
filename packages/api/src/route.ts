import type { z } from "zod";

/** What a token must be allowed to do, beside what its owner may do. `none`: any signed-in caller; `public`: nobody is asked. */
export type Scope =
  | "public"
  | "none"
  | "account:write"
  | "registries:read"
  | "registries:write"
  | "images:read"
  | "images:write"
  | "workspaces:read"
  | "workspaces:write"
  | "workspaces:connect"
  | "users:read"
  | "users:write"
  | "audit:read"
  | "metrics:read";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** One endpoint, told once: the server validates by it, the client is typed by it, OpenAPI is printed from it. */
export type RouteDefinition = {
  method: Method;
  /** Below `/api/v1`, parameters as `{name}`. */
  path: string;
  summary: string;
  scope: Scope;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Success status. 204 has no body. */
  status: 200 | 201 | 202 | 204;
  response?: z.ZodType;
  /** The answer is a stream of newline-separated JSON values of `response`. */
  stream?: true;
  /** The answer is a WebSocket; `subprotocol` names its frames. */
  websocket?: { subprotocol: string };
  /** Problem codes particular to this route, for the reference. */
  problems?: readonly string[];
};

/** Keeps a definition's exact type. */
export const route = <const Definition extends RouteDefinition>(definition: Definition): Definition => definition;
