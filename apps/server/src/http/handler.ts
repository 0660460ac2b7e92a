import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { CallResult, RouteDefinition, RouteName, Routes } from "@berth/api";
import type { z } from "zod";
import type { Actor, Origin } from "../domain/actor.ts";

type Output<D, Key extends string> = D extends { [K in Key]: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : undefined;
type Answer<D> = D extends { stream: true }
  ? CallResult<D>
  : D extends { response: infer Schema extends z.ZodType }
    ? Promise<z.input<Schema>>
    : Promise<void>;

export type SessionCookieWriter = {
  set(secret: string, expiresAt: Date): void;
  clear(): void;
};

/** A parsed request. Public routes have no actor. */
export type HandlerRequest<D extends RouteDefinition> = {
  params: Output<D, "params">;
  query: Output<D, "query">;
  body: Output<D, "body">;
  actor: D["scope"] extends "public" ? undefined : Actor;
  origin: Origin;
  userAgent: string | null;
  /** The browser's session cookie of the answer. */
  sessionCookie: SessionCookieWriter;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
};

type PlainRoute = { [Name in RouteName]: Routes[Name] extends { websocket: unknown } ? never : Name }[RouteName];

/** One function a route: it unpacks the request, makes one domain call and packs the answer. Errors propagate. */
export type Handlers = { [Name in PlainRoute]: (request: HandlerRequest<Routes[Name]>) => Answer<Routes[Name]> };

type WebSocketRoute = Exclude<RouteName, PlainRoute>;

/** A request to become a WebSocket: authenticated, scope-checked and parsed like every other. */
export type UpgradeRequest<D extends RouteDefinition> = Pick<
  HandlerRequest<D>,
  "params" | "query" | "actor" | "origin" | "signal"
> & { message: IncomingMessage; socket: Duplex; head: Buffer };

/**
 * One function a WebSocket route. What it throws before it has taken the socket is answered as a problem; afterwards the
 * socket is its own to close.
 */
export type UpgradeHandlers = {
  [Name in WebSocketRoute]: (request: UpgradeRequest<Routes[Name]>) => Promise<void>;
};
