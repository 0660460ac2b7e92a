import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsError } from "./aws-error.ts";
import type { Call } from "./call.ts";
import type { VirtualClock } from "./clock.ts";
import type { CallLog } from "./control/call-log.ts";
import type { Faults } from "./control/faults.ts";
import { corruptBody, truncateResponse } from "./control/inject.ts";
import { answerControl, type ControlDeps } from "./control/service.ts";
import { prepare, type Services, startCall } from "./dispatch.ts";
import { resolveEndpoint, stripPort } from "./http/endpoint.ts";
import { type HttpRequest, toHttpRequest } from "./http/request.ts";
import { type HttpResponse, writeResponse } from "./http/response.ts";
import type { Prepared } from "./service.ts";

export type ServerDeps = {
  services: Services;
  control: ControlDeps;
  clock: VirtualClock;
  faults: Faults;
  log: CallLog;
  /** Told of exceptions that are bugs of ours, after the client got a 500. */
  onBug(error: unknown): void;
};

/** What is known of an answer once it is decided. */
type Answer = { response: HttpResponse; error: AwsError | undefined };

const goneCodes = ["ECONNRESET", "ECONNABORTED", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED"];

/** A connection that its client closed: no failure of ours. */
function isClientGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && goneCodes.includes(String(error.code));
}

async function carryOut(prepared: Prepared, call: Call, { onBug }: ServerDeps): Promise<Answer> {
  try {
    return { response: await prepared.run(call), error: undefined };
  } catch (caught) {
    if (!(caught instanceof AwsError) && !isClientGone(caught)) onBug(caught);
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

/** Sends the answer of a recognised request, with whatever fault is scripted for it, and logs it. */
async function answerCall(call: Call, prepared: Prepared, target: ServerResponse, deps: ServerDeps): Promise<void> {
  const startedAt = performance.now();
  const fault = deps.faults.take({ ...call, host: stripPort(call.host) });
  const effect = fault?.effect ?? {};
  const record = (status: number, error?: AwsError) =>
    deps.log.add(call, {
      status,
      errorCode: error?.code,
      errorMessage: error?.message,
      durationMs: Math.round(performance.now() - startedAt),
      fault: fault?.id,
    });
  if (effect.latencyMs !== undefined) await sleep(effect.latencyMs, undefined, { ref: false });
  if (effect.reset) {
    record(0);
    target.destroy();
    return;
  }
  if (effect.status !== undefined) {
    record(effect.status);
    const scripted = { status: effect.status, headers: effect.headers ?? {}, body: effect.body ?? "" };
    return write(scripted, call.method, target, deps);
  }
  const { response, error } = await carryOut(prepared, call, deps);
  record(response.status, error);
  if (effect.truncateAfterBytes !== undefined) return truncateResponse(target, response, effect.truncateAfterBytes);
  return write(effect.wrongDigest ? await corruptBody(response) : response, call.method, target, deps);
}

function write(response: HttpResponse, method: string, target: ServerResponse, { clock }: ServerDeps): Promise<void> {
  return writeResponse(target, response, { isHead: method === "HEAD", date: new Date(clock.now()).toUTCString() });
}

async function answer(request: HttpRequest, target: ServerResponse, deps: ServerDeps): Promise<void> {
  const reply = (response: HttpResponse) => write(response, request.method, target, deps);
  if (resolveEndpoint(request, undefined, deps.services.defaults).service === "control") {
    return reply(await answerControl(request, deps.control));
  }
  try {
    const found = await prepare(request, deps.services);
    if (!found) return reply(notFound());
    const call = startCall(request, found.endpoint, found.prepared.operation, deps.clock.now());
    return await answerCall(call, found.prepared, target, deps);
  } catch (error) {
    if (error instanceof AwsError) return reply(refusedBody(error));
    throw error;
  }
}

/** Answers every request of the listener: finds the service, lets faults step in, runs it, writes the log. */
export function createHandler(deps: ServerDeps) {
  return (message: IncomingMessage, target: ServerResponse): void => {
    answer(toHttpRequest(message), target, deps).catch((error: unknown) => {
      if (!isClientGone(error)) deps.onBug(error);
      target.destroy();
    });
  };
}
