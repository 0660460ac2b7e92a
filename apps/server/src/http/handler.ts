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

/** A parsed request. Public routes have no actor. */
export type HandlerRequest<D extends RouteDefinition> = {
  params: Output<D, "params">;
  query: Output<D, "query">;
  body: Output<D, "body">;
  actor: D["scope"] extends "public" ? undefined : Actor;
  origin: Origin;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
};

type PlainRoute = { [Name in RouteName]: Routes[Name] extends { websocket: unknown } ? never : Name }[RouteName];

/** One function a route: it unpacks the request, makes one domain call and packs the answer. Errors propagate. */
export type Handlers = { [Name in PlainRoute]: (request: HandlerRequest<Routes[Name]>) => Answer<Routes[Name]> };
