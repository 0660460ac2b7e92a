import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { RouteDefinition, Scope } from "@berth/api";
import type { Actor } from "../domain/actor.ts";
import { BerthError } from "../domain/berth-error.ts";
import { type AuthenticateOptions, authenticate } from "./authenticate.ts";
import type { UpgradeHandlers, UpgradeRequest } from "./handler.ts";
import type { HttpLog } from "./http-log.ts";
import { parseRequest } from "./parse-request.ts";
import { webSocketRouteAt } from "./path-table.ts";
import { isUnexpected, problemType, toProblem } from "./problem.ts";

export type UpgradeOptions = AuthenticateOptions & {
  upgrades: UpgradeHandlers;
  /** Takes upgrades that are no route of the API, e.g. agents'; says whether it did. */
  otherUpgrade?: (message: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  log: HttpLog;
};

type AnyUpgrade = (request: UpgradeRequest<RouteDefinition>) => Promise<void>;

/** Who asks for a WebSocket; as for every request, with `Origin` checked when a cookie says it. */
export async function authenticateUpgrade(
  message: IncomingMessage,
  scope: Exclude<Scope, "public">,
  options: AuthenticateOptions,
): Promise<Actor> {
  const actor = await authenticate(message, scope, options);
  if (!actor) throw new BerthError("SIGN_IN_REQUIRED", "This needs somebody who is signed in.");
  return actor;
}

/** Answers a refused upgrade as a plain HTTP problem, which WebSocket clients can read. */
export function refuseUpgrade(socket: Duplex, error: unknown, requestId: string): void {
  if (socket.destroyed || !socket.writable) return;
  const { status, headers, problem } = toProblem(error, requestId);
  const body = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${status} ${problem.title}`,
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    "Cache-Control: no-store",
    `X-Request-Id: ${requestId}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

async function upgrade(message: IncomingMessage, socket: Duplex, head: Buffer, id: string, options: UpgradeOptions) {
  const url = new URL(message.url ?? "/", "http://localhost");
  const route = webSocketRouteAt(url.pathname);
  if (!route) throw new BerthError("ROUTE_NOT_FOUND", "There is no WebSocket at this address.");
  const { name, definition, params } = route;
  if (definition.scope === "public") throw new Error(`The WebSocket route ${name} must not be public.`);
  const actor = await authenticateUpgrade(message, definition.scope, options);
  const parsed = parseRequest(definition, { params, query: Object.fromEntries(url.searchParams), body: undefined });
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  const handler = options.upgrades[name as keyof UpgradeHandlers] as unknown as AnyUpgrade;
  await handler({
    ...(parsed as Pick<UpgradeRequest<RouteDefinition>, "params" | "query">),
    actor,
    origin: { requestId: id, ip: message.socket.remoteAddress ?? null },
    signal: gone.signal,
    message,
    socket,
    head,
  });
}

/** Serves the contract's WebSocket routes on a server. */
export function serveUpgrades(server: Server, options: UpgradeOptions): void {
  server.on("upgrade", (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    const requestId = randomUUID();
    socket.on("error", () => socket.destroy());
    if (options.otherUpgrade?.(message, socket, head)) return;
    upgrade(message, socket, head, requestId, options).catch((error: unknown) => {
      if (isUnexpected(error)) options.log.error({ requestId, err: error }, "a WebSocket could not be opened");
      refuseUpgrade(socket, error, requestId);
    });
  });
}
