import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  ApiError,
  apiPrefix,
  type Problem,
  type RouteDefinition,
  type RouteName,
  type Routes,
  routes,
} from "@berth/api";
import type { z } from "zod";
import { serveExec } from "./exec-endpoint.ts";

type Output<D, Key extends string> = D extends { [K in Key]: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : undefined;
type Answer<D> = D extends { stream: true; response: infer Schema extends z.ZodType }
  ? AsyncIterable<z.input<Schema> | typeof dropConnection>
  : D extends { response: infer Schema extends z.ZodType }
    ? z.input<Schema> | Promise<z.input<Schema>>
    : void | Promise<void>;
type Request<D> = {
  params: Output<D, "params">;
  query: Output<D, "query">;
  body: Output<D, "body">;
  token: string | undefined;
};
/** What a test's server does for the routes it needs; a route without a handler answers 501. */
export type Handlers = { [Name in RouteName]?: (request: Request<Routes[Name]>) => Answer<Routes[Name]> };

/** Yielded in a stream: the connection breaks there. */
export const dropConnection = Symbol("dropConnection");

export type ContractServer = { url: string; requests: string[]; close(): Promise<void> };

/** A problem to throw from a handler. */
export function problem(status: number, code: string, detail: string, rest: Partial<Problem> = {}): ApiError {
  const title = rest.title ?? code;
  return new ApiError({
    type: "about:blank",
    title,
    status,
    detail,
    code,
    retryable: false,
    requestId: "req-1",
    ...rest,
  });
}

type Match = { definition: RouteDefinition; name: RouteName; params: Record<string, string> };

function matchRoute(method: string, pathname: string): Match | undefined {
  for (const [name, definition] of Object.entries<RouteDefinition>(routes)) {
    if (definition.method !== method) continue;
    const pattern = `^${apiPrefix}${definition.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`;
    const match = new RegExp(pattern).exec(pathname);
    // Literal segments win over parameters: `/users/me` is declared before `/users/{userId}`.
    if (match) {
      const params = Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]);
      return { definition, name: name as RouteName, params: Object.fromEntries(params) };
    }
  }
  return undefined;
}

/** A real HTTP server that speaks Berth's contract: requests and answers are checked against its schemas. */
export async function startContractServer(handlers: Handlers): Promise<ContractServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(handlers, request, response).catch((error: unknown) => refuse(response, error));
  });
  const execServer = serveExec((request) => {
    requests.push(`GET ${request.url}`);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const match = matchRoute("GET", pathname);
    const handler = handlers.exec as ((request: unknown) => unknown) | undefined;
    if (match?.name !== "exec" || !handler) throw problem(501, "NOT_IN_TEST", "The test serves no such route.");
    handler({
      params: match.params,
      query: Object.fromEntries(searchParams),
      body: undefined,
      token: tokenOf(request),
    });
    return searchParams.get("exec") ?? "";
  });
  server.on("upgrade", execServer.upgrade);
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      execServer.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const tokenOf = (request: IncomingMessage) => request.headers.authorization?.replace(/^Bearer /, "");

async function answer(handlers: Handlers, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  const match = matchRoute(request.method ?? "", pathname);
  const handler = match && (handlers[match.name] as ((request: unknown) => unknown) | undefined);
  if (!match || !handler) throw problem(501, "NOT_IN_TEST", `The test serves no ${request.method} ${pathname}.`);
  const { definition, params } = match;
  const body = await bodyOf(request);
  const parsed = {
    params: definition.params?.parse(params),
    query: definition.query?.parse(Object.fromEntries(searchParams)),
    body: definition.body?.parse(body),
    token: tokenOf(request),
  };
  if (definition.stream) return stream(definition, handler(parsed) as AsyncIterable<unknown>, response);
  const result = await handler(parsed);
  response.writeHead(definition.status, { "content-type": "application/json" });
  response.end(definition.response ? JSON.stringify(definition.response.parse(result)) : undefined);
}

async function stream(definition: RouteDefinition, values: AsyncIterable<unknown>, response: ServerResponse) {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  for await (const value of values) {
    if (value === dropConnection) {
      // Half a line, as a broken connection leaves it.
      response.write('{"seq":');
      await new Promise((resolve) => setTimeout(resolve, 20));
      response.destroy();
      return;
    }
    response.write(`${JSON.stringify(definition.response?.parse(value))}\n`);
  }
  response.end();
}

function refuse(response: ServerResponse, error: unknown): void {
  const shown =
    error instanceof ApiError
      ? error.problem
      : problem(400, "REQUEST_INVALID", `Not as the contract says: ${error instanceof Error ? error.message : error}`)
          .problem;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(shown.status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify(shown));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
}
