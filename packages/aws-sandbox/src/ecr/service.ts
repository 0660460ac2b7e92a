import { authenticate } from "../authenticate.ts";
import { AwsError } from "../aws-error.ts";
import type { Clock } from "../clock.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { type HttpRequest, header } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";
import type { Prepared, Throttle } from "../service.ts";
import type { Sessions } from "../sts/sessions.ts";
import type { EcrDeps, EcrOperation } from "./context.ts";
import { imageOperations } from "./image-operations.ts";
import { Input } from "./input.ts";
import { layerOperations } from "./layer-operations.ts";
import { repositoryOperations } from "./repository-operations.ts";
import { tagOperations } from "./tag-operations.ts";

export type EcrServiceDeps = { ecr: EcrDeps; sessions: Sessions; clock: Clock; throttle: Throttle };

const operations: Readonly<Record<string, EcrOperation>> = {
  ...repositoryOperations,
  ...imageOperations,
  ...layerOperations,
  ...tagOperations,
};
const targetPrefix = "AmazonEC2ContainerRegistry_V20150921.";

function json(status: number, body: object, requestId: string): HttpResponse {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": requestId };
  return { status, headers, body: JSON.stringify(body) };
}

/** ECR answers every refusal with 400; the code is in the body, and only there. */
function fail(error: AwsError, requestId: string): HttpResponse {
  const code = error.code === "AccessDenied" ? "AccessDeniedException" : error.code;
  const status = error.status >= 500 || error.status === 413 ? error.status : 400;
  return json(status, { __type: code, message: error.message }, requestId);
}

/** Prepares a call of ECR's JSON 1.1 protocol. */
export function prepareEcrCall(
  deps: EcrServiceDeps,
  { request, body, endpoint }: { request: HttpRequest; body: Buffer; endpoint: Endpoint },
): Prepared {
  const target = header(request, "x-amz-target") ?? "";
  const operation = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : "";
  return {
    operation,
    fail,
    async run(call) {
      const { sessions, clock } = deps;
      const principal = authenticate(request, body, { endpoint, service: "ecr", dialect: "json", sessions, clock });
      call.principal = principal;
      call.account = principal.account;
      const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      if (!run || request.method !== "POST") throw new AwsError("UnknownOperationException", "");
      deps.throttle(call);
      const answer = await run({ call, principal, input: Input.parse(body), deps: deps.ecr });
      return json(200, answer, call.id);
    },
  };
}
