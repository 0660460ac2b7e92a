import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { BerthError } from "../domain/berth-error.ts";
import type { Authenticator } from "./authenticate.ts";
import type { Handlers, UpgradeHandlers } from "./handler.ts";
import type { HttpLog, RequestObserver } from "./http-log.ts";
import { methodsAt } from "./path-table.ts";
import { isUnexpected, problemType, toProblem } from "./problem.ts";
import { registerRoutes } from "./register-routes.ts";
import { serveUpgrades, type UpgradeOptions } from "./upgrade.ts";

export type HttpAppOptions = {
  handlers: Handlers;
  upgrades: UpgradeHandlers;
  otherUpgrade?: UpgradeOptions["otherUpgrade"];
  authenticator: Authenticator;
  /** Where people reach Berth, e.g. `https://berth.example.com`. */
  accessUrl: URL;
  log: HttpLog;
  observe?: RequestObserver;
  /** Aborted when the server stops: streams end then, other requests may finish. */
  stopping?: AbortSignal;
  /** Adds routes outside the contract, e.g. health. */
  extend?: (app: FastifyInstance) => void;
};

const bodyLimitBytes = 1024 * 1024;
const maxParamLength = 1000;

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

function sendProblem(reply: FastifyReply, request: FastifyRequest, error: unknown, log: HttpLog): FastifyReply {
  if (isUnexpected(error)) log.error({ requestId: request.id, err: error }, "a request failed unexpectedly");
  const { status, headers, problem } = toProblem(error, request.id);
  // Said here again: broken paths come by no hook.
  reply.headers({ ...securityHeaders, "x-request-id": request.id, ...headers });
  return reply.code(status).type(problemType).send(JSON.stringify(problem));
}

function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new BerthError("BODY_NOT_JSON", "The request body is not valid JSON.");
  }
}

/** Requests so broken that no route sees them still get a problem. */
function answerClientError(error: NodeJS.ErrnoException, socket: NodeJS.WritableStream & { destroyed?: boolean }) {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return;
  const requestId = randomUUID();
  const detail = error.code === "HPE_HEADER_OVERFLOW" ? "The request's headers are too large." : "This is not HTTP.";
  const { status, problem } = toProblem(new BerthError("REQUEST_INVALID", detail), requestId);
  const body = JSON.stringify(problem);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${problemType}\r\nConnection: close`;
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function addHooks(app: FastifyInstance, { accessUrl, log, observe }: HttpAppOptions): void {
  const strictTransport = accessUrl.protocol === "https:" ? { "strict-transport-security": "max-age=31536000" } : {};
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ ...securityHeaders, ...strictTransport, "x-request-id": request.id });
  });
  app.addHook("onResponse", async (request, reply) => {
    const { route = "none" } = request.routeOptions.config;
    const status = reply.statusCode;
    observe?.({ route, method: request.method, status, durationSeconds: reply.elapsedTime / 1000 });
    const durationMs = Math.round(reply.elapsedTime * 10) / 10;
    const { id: requestId, ip, method } = request;
    log.info({ requestId, route, method, status, durationMs, ip, userId: request.actor?.userId }, "request");
  });
}

function notFound(request: FastifyRequest, reply: FastifyReply): BerthError {
  const methods = methodsAt(request.url.split("?")[0] ?? "");
  if (methods.length === 0) return new BerthError("ROUTE_NOT_FOUND", "There is nothing at this address.");
  reply.header("allow", methods.join(", "));
  return new BerthError("METHOD_NOT_ALLOWED", `${request.method} is not allowed here; ${methods.join(", ")} is.`);
}

/** The HTTP server, built from the contract; it listens once `listen` is called. Everything refused is a problem. */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const { log } = options;
  const app = Fastify({
    bodyLimit: bodyLimitBytes,
    genReqId: () => randomUUID(),
    requestTimeout: 60_000,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    routerOptions: { maxParamLength, ignoreTrailingSlash: false },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void sendProblem(reply, request, error, log),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, async (_request: FastifyRequest, body: string) =>
    parseJson(body),
  );
  app.setErrorHandler((error, request, reply) => sendProblem(reply, request, error, log));
  app.setNotFoundHandler((request, reply) => sendProblem(reply, request, notFound(request, reply), log));
  addHooks(app, options);
  const authentication = { authenticator: options.authenticator, accessOrigin: options.accessUrl.origin };
  registerRoutes(app, {
    ...authentication,
    handlers: options.handlers,
    ...(options.stopping ? { stopping: options.stopping } : {}),
    isSecure: options.accessUrl.protocol === "https:",
  });
  options.extend?.(app);
  serveUpgrades(app.server, {
    ...authentication,
    upgrades: options.upgrades,
    ...(options.otherUpgrade ? { otherUpgrade: options.otherUpgrade } : {}),
    log,
  });
  return app;
}
