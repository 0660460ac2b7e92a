import { z } from "zod";
import { AwsError } from "../aws-error.ts";
import type { VirtualClock } from "../clock.ts";
import { isLoopbackHost } from "../http/endpoint.ts";
import { type HttpRequest, header, readBody } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";
import { equalsInConstantTime } from "../state/secret-box.ts";
import type { CallLog } from "./call-log.ts";
import { type Faults, faultSchema } from "./faults.ts";
import { type Seed, type SeedResult, seedSchema } from "./seed.ts";
import type { Throttling } from "./throttling.ts";

export type Stats = {
  repositories: number;
  images: number;
  tags: number;
  layers: number;
  users: number;
  accessKeys: number;
};

export type ControlDeps = {
  token: string;
  clock: VirtualClock;
  faults: Faults;
  log: CallLog;
  throttling: Throttling;
  seed(seed: Seed): SeedResult;
  stats(): Stats;
  reset(): Promise<void>;
};

const advanceSchema = z.strictObject({ ms: z.number().int() });
const throttlingSchema = z.strictObject({
  enabled: z.boolean(),
  quotas: z.record(z.string(), z.number().positive()).optional(),
});

function json(body: object, status = 200): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
  };
}

function problem(status: number, message: string): HttpResponse {
  return json({ message }, status);
}

function isLocal(request: HttpRequest): boolean {
  const address = request.remoteAddress.replace(/^::ffff:/, "");
  return isLoopbackHost(request.host) && (address === "::1" || address.startsWith("127."));
}

function isAuthorized(request: HttpRequest, token: string): boolean {
  const given = /^Bearer (.+)$/.exec(header(request, "authorization") ?? "")?.[1];
  return given !== undefined && equalsInConstantTime(given, token);
}

async function parseBody<T>(request: HttpRequest, schema: z.ZodType<T>): Promise<T> {
  const text = (await readBody(request, 1024 * 1024)).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AwsError("BadRequest", "The body is not valid JSON.");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AwsError("BadRequest", z.prettifyError(parsed.error));
  return parsed.data;
}

function clockView({ clock }: ControlDeps): HttpResponse {
  return json({ now: new Date(clock.now()).toISOString(), offsetMs: clock.offsetMs });
}

type Route = (request: HttpRequest, deps: ControlDeps) => Promise<HttpResponse> | HttpResponse;

const routes: Record<string, Route> = {
  "GET /clock": (_, deps) => clockView(deps),
  "DELETE /clock": (_, deps) => {
    deps.clock.reset();
    return clockView(deps);
  },
  "POST /clock/advance": async (request, deps) => {
    deps.clock.advance((await parseBody(request, advanceSchema)).ms);
    return clockView(deps);
  },
  "GET /faults": (_, { faults }) => json({ faults: faults.list() }),
  "POST /faults": async (request, { faults }) => json({ id: faults.add(await parseBody(request, faultSchema)) }, 201),
  "DELETE /faults": (_, { faults }) => {
    faults.clear();
    return json({});
  },
  "GET /log": (_, { log }) => json({ total: log.total, entries: log.entries() }),
  "DELETE /log": (_, { log }) => {
    log.clear();
    return json({});
  },
  "GET /throttling": (_, { throttling }) => json({ enabled: throttling.isEnabled }),
  "PUT /throttling": async (request, { throttling }) => {
    const { enabled, quotas } = await parseBody(request, throttlingSchema);
    throttling.configure(enabled, quotas);
    return json({ enabled });
  },
  "POST /seed": async (request, deps) => json(deps.seed(await parseBody(request, seedSchema)), 201),
  "GET /stats": (_, deps) => json(deps.stats()),
  "POST /reset": async (_, deps) => {
    await deps.reset();
    return json({});
  },
};

/** Answers the control API. It exists for this machine alone, by address and by name, and asks for its token. */
export async function answerControl(request: HttpRequest, deps: ControlDeps): Promise<HttpResponse> {
  if (!isLocal(request)) return problem(403, "The control API answers on the loopback interface only.");
  if (!isAuthorized(request, deps.token)) return problem(401, "Send the control token as a bearer token.");
  const path = request.path.slice("/__sandbox".length);
  const fault = /^\/faults\/([0-9a-f-]{36})$/.exec(path)?.[1];
  if (fault && request.method === "DELETE") {
    return deps.faults.remove(fault) ? json({}) : problem(404, "There is no such fault.");
  }
  const name = `${request.method} ${path}`;
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  if (!route) return problem(404, `There is no ${request.method} on this path.`);
  try {
    return await route(request, deps);
  } catch (error) {
    if (error instanceof AwsError) return problem(error.status, error.message);
    throw error;
  }
}
