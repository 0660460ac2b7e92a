import { type RouteDefinition, routes } from "@berth/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Actor } from "../domain/actor.ts";
import { type AuthenticateOptions, authenticate } from "./authenticate.ts";
import type { HandlerRequest, Handlers } from "./handler.ts";
import { ndjsonStream } from "./ndjson.ts";
import { parseRequest } from "./parse-request.ts";
import { routerPath } from "./path-table.ts";
import { sessionCookieWriter } from "./session-cookie.ts";

declare module "fastify" {
  interface FastifyRequest {
    actor: Actor | undefined;
  }
  interface FastifyContextConfig {
    /** Name in the contract, for logs and metrics. */
    route?: string;
  }
}

/** The handler's type once its route is not known any more; `Handlers` has checked it where it was written. */
type AnyHandler = (request: HandlerRequest<RouteDefinition>) => Promise<unknown> | AsyncIterable<unknown>;

export type RegisterOptions = AuthenticateOptions & { handlers: Handlers; isSecure: boolean; stopping?: AbortSignal };

/** Aborted when the connection closes before the answer is complete. */
function signalOf(reply: FastifyReply, stopping: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return stopping ? AbortSignal.any([controller.signal, stopping]) : controller.signal;
}

function handlerRequest(
  definition: RouteDefinition,
  request: FastifyRequest,
  reply: FastifyReply,
  { isSecure, stopping }: RegisterOptions,
): HandlerRequest<RouteDefinition> {
  const parsed = parseRequest(definition, request as unknown as Record<"params" | "query" | "body", unknown>);
  return {
    ...(parsed as Pick<HandlerRequest<RouteDefinition>, "params" | "query" | "body">),
    // The scope of the route decides whether there is one; `Handlers` gives each handler the right type.
    actor: request.actor as Actor,
    origin: { requestId: request.id, ip: request.ip },
    userAgent: request.headers["user-agent"]?.slice(0, 300) ?? null,
    sessionCookie: sessionCookieWriter(reply, isSecure),
    signal: signalOf(reply, definition.stream ? stopping : undefined),
  };
}

/** Answers by the response schema, so that nothing leaves that the contract does not name. */
async function answer(definition: RouteDefinition, handler: AnyHandler, request: HandlerRequest<RouteDefinition>) {
  const result = handler(request);
  if (definition.stream && definition.response)
    return await ndjsonStream(result as AsyncIterable<unknown>, definition.response);
  const value = await (result as Promise<unknown>);
  return definition.response ? JSON.stringify(definition.response.parse(value)) : undefined;
}

function typeOf(definition: RouteDefinition): string | undefined {
  if (!definition.response) return undefined;
  return definition.stream ? "application/x-ndjson; charset=utf-8" : "application/json; charset=utf-8";
}

/** Registers every route of the contract. A route without a handler does not compile, and does not start. */
export function registerRoutes(app: FastifyInstance, options: RegisterOptions): void {
  app.decorateRequest("actor", undefined);
  const handlers = options.handlers as unknown as Readonly<Record<string, AnyHandler | undefined>>;
  for (const [name, definition] of Object.entries<RouteDefinition>(routes)) {
    if (definition.websocket) continue;
    const handler = handlers[name];
    if (!handler) throw new Error(`The route ${name} has no handler.`);
    app.route({
      method: definition.method,
      url: routerPath(definition),
      config: { route: name },
      onRequest: async (request) => {
        request.actor = await authenticate(request.raw, definition.scope, options);
      },
      handler: async (request, reply) => {
        const parsed = handlerRequest(definition, request, reply, options);
        const body = await answer(definition, handler, parsed);
        const type = typeOf(definition);
        if (type !== undefined) reply.type(type);
        return reply.code(definition.status).send(body);
      },
    });
  }
}
