import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsError } from "./aws-error.ts";
import type { Call } from "./call.ts";
import type { VirtualClock } from "./clock.ts";
import type { CallLog } from "./control/call-log.ts";
import type { Faults } from "./control/faults.ts";
import { corruptBody, truncateResponse } from "./control/inject.ts";
import { answerControl, type ControlDeps } from "./control/service.ts";
import { type EcrServiceDeps, prepareEcrCall } from "./ecr/service.ts";
import { type Endpoint, type EndpointDefaults, resolveEndpoint, stripPort } from "./http/endpoint.ts";
import { type HttpRequest, header, readBody, toHttpRequest } from "./http/request.ts";
import { type HttpResponse, writeResponse } from "./http/response.ts";
import { prepareQueryCall, type QueryServiceOptions } from "./query/service.ts";
import type { V2Deps } from "./registry/v2-context.ts";
import { prepareV2Request } from "./registry/v2-service.ts";
import { prepareLayerDownload, type S3Deps } from "./s3/service.ts";
import type { Prepared } from "./service.ts";
import { parseQuery } from "./sigv4/canonical-request.ts";

/** Room for a 4 MiB manifest with every character escaped. */
const maxApiBodyBytes = 16 * 1024 * 1024;

export type ServerDeps = {
  defaults: EndpointDefaults;
  clock: VirtualClock;
  faults: Faults;
  log: CallLog;
  ecr: EcrServiceDeps;
  iam: QueryServiceOptions;
  sts: QueryServiceOptions;
  v2: V2Deps;
  s3: S3Deps;
  control: ControlDeps;
};

/** What is known of an answer once it is decided. */
type Answer = { response: HttpResponse; error: AwsError | undefined };

function isStreamed(endpoint: Endpoint): boolean {
  return endpoint.service === "registry" || endpoint.service === "s3" || endpoint.service === "control";
}

function formVersion(request: HttpRequest, body: Buffer): string | undefined {
  if (request.method === "GET") return new Map(parseQuery(request.query)).get("Version");
  const isForm = header(request, "content-type")?.startsWith("application/x-www-form-urlencoded") ?? false;
  return isForm ? new Map(parseQuery(body.toString("utf8"))).get("Version") : undefined;
}

async function prepare(
  request: HttpRequest,
  deps: ServerDeps,
): Promise<{ endpoint: Endpoint; prepared: Prepared } | undefined> {
  const byName = resolveEndpoint(request, undefined, deps.defaults);
  if (byName.service === "registry") return { endpoint: byName, prepared: prepareV2Request(request, byName, deps.v2) };
  if (byName.service === "s3") return { endpoint: byName, prepared: prepareLayerDownload(request, byName, deps.s3) };
  if (isStreamed(byName)) return undefined;
  const body = await readBody(request, maxApiBodyBytes);
  const endpoint = resolveEndpoint(request, formVersion(request, body), deps.defaults);
  if (endpoint.service === "ecr") return { endpoint, prepared: prepareEcrCall(deps.ecr, { request, body, endpoint }) };
  if (endpoint.service === "iam")
    return { endpoint, prepared: prepareQueryCall(deps.iam, { request, body, endpoint }) };
  if (endpoint.service === "sts")
    return { endpoint, prepared: prepareQueryCall(deps.sts, { request, body, endpoint }) };
  return undefined;
}

function startCall(request: HttpRequest, endpoint: Endpoint, operation: string, now: number): Call {
  return {
    id: randomUUID(),
    at: now,
    service: endpoint.service,
    operation,
    scheme: request.scheme,
    host: request.host,
    method: request.method,
    path: request.path,
    account: endpoint.account,
    region: endpoint.region,
    sourceIp: request.remoteAddress.replace(/^::ffff:/, ""),
    userAgent: header(request, "user-agent") ?? "",
    principal: undefined,
    decisions: [],
  };
}

const goneCodes = ["ECONNRESET", "ECONNABORTED", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED"];

/** A connection that its client closed: no failure of ours. */
function isClientGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && goneCodes.includes(String(error.code));
}

async function carryOut(
  prepared: Prepared,
  call: Call,
  onBug: ((error: unknown) => void) | undefined,
): Promise<Answer> {
  try {
    return { response: await prepared.run(call), error: undefined };
  } catch (caught) {
    if (!(caught instanceof AwsError) && !isClientGone(caught)) onBug?.(caught);
    const error = caught instanceof AwsError ? caught : new AwsError("ServerException", "Internal failure", 500);
    return { response: prepared.fail(error, call.id), error };
  }
}

function notFound(): HttpResponse {
  const body = JSON.stringify({ message: "No AWS service answers at this host and path." });
  return { status: 404, headers: { "content-type": "application/json" }, body };
}

/** A body refused before anyone knew which service it was for. */
function refusedBody({ code, message, status }: AwsError): HttpResponse {
  const headers = { "content-type": "application/json", connection: "close" };
  return { status, headers, body: JSON.stringify({ __type: code, message }) };
}

/** Answers every request of the listener: finds the service, lets faults step in, runs it, writes the log. */
export function createHandler(deps: ServerDeps, onBug?: (error: unknown) => void) {
  async function answer(request: HttpRequest, target: ServerResponse): Promise<void> {
    const write = (response: HttpResponse) =>
      writeResponse(target, response, {
        isHead: request.method === "HEAD",
        date: new Date(deps.clock.now()).toUTCString(),
      });
    if (resolveEndpoint(request, undefined, deps.defaults).service === "control") {
      return write(await answerControl(request, deps.control));
    }
    let found: Awaited<ReturnType<typeof prepare>>;
    try {
      found = await prepare(request, deps);
    } catch (error) {
      if (error instanceof AwsError) return write(refusedBody(error));
      throw error;
    }
    if (!found) return write(notFound());
    const startedAt = performance.now();
    const call = startCall(request, found.endpoint, found.prepared.operation, deps.clock.now());
    const fault = deps.faults.take({ ...call, host: stripPort(call.host) });
    const effect = fault?.effect ?? {};
    if (effect.latencyMs !== undefined) await sleep(effect.latencyMs, undefined, { ref: false });
    const record = (status: number, error: AwsError | undefined) =>
      deps.log.add(call, {
        status,
        errorCode: error?.code,
        errorMessage: error?.message,
        durationMs: Math.round(performance.now() - startedAt),
        fault: fault?.id,
      });
    if (effect.reset) {
      record(0, undefined);
      target.destroy();
      return;
    }
    if (effect.status !== undefined) {
      record(effect.status, undefined);
      return write({ status: effect.status, headers: effect.headers ?? {}, body: effect.body ?? "" });
    }
    const { response, error } = await carryOut(found.prepared, call, onBug);
    record(response.status, error);
    if (effect.truncateAfterBytes !== undefined) return truncateResponse(target, response, effect.truncateAfterBytes);
    return write(effect.wrongDigest ? await corruptBody(response) : response);
  }

  return (message: IncomingMessage, target: ServerResponse): void => {
    answer(toHttpRequest(message), target).catch((error: unknown) => {
      if (!isClientGone(error)) onBug?.(error);
      target.destroy();
    });
  };
}
