import { authenticate } from "../authenticate.ts";
import { AwsError } from "../aws-error.ts";
import type { Call } from "../call.ts";
import type { Clock } from "../clock.ts";
import type { Endpoint } from "../http/endpoint.ts";
import type { HttpRequest } from "../http/request.ts";
import type { HttpResponse } from "../http/response.ts";
import type { Principal } from "../iam/principal.ts";
import type { Prepared, Throttle } from "../service.ts";
import type { Sessions } from "../sts/sessions.ts";
import { Parameters } from "./parameters.ts";
import { toXml, type XmlValue } from "./xml.ts";

export type QueryContext = { call: Call; principal: Principal; parameters: Parameters };

/** An operation answers with the members of its result element, or nothing. */
export type QueryOperation = (context: QueryContext) => { readonly [name: string]: XmlValue } | undefined;

export type QueryServiceOptions = {
  service: "iam" | "sts";
  version: string;
  operations: Readonly<Record<string, QueryOperation>>;
  sessions: Sessions;
  clock: Clock;
  throttle: Throttle;
};

function namespace({ service, version }: QueryServiceOptions): string {
  return `https://${service}.amazonaws.com/doc/${version}/`;
}

function xml(status: number, body: string, requestId: string): HttpResponse {
  return { status, headers: { "content-type": "text/xml", "x-amzn-requestid": requestId }, body };
}

function fault(options: QueryServiceOptions, error: AwsError, requestId: string): HttpResponse {
  const body = toXml({
    ErrorResponse: {
      "@xmlns": namespace(options),
      Error: { Type: error.status >= 500 ? "Receiver" : "Sender", Code: error.code, Message: error.message },
      RequestId: requestId,
    },
  });
  return xml(error.status, body, requestId);
}

function success(
  options: QueryServiceOptions,
  operation: string,
  result: ReturnType<QueryOperation>,
  requestId: string,
): HttpResponse {
  const body = toXml({
    [`${operation}Response`]: {
      "@xmlns": namespace(options),
      ...(result ? { [`${operation}Result`]: result } : {}),
      ResponseMetadata: { RequestId: requestId },
    },
  });
  return xml(200, body, requestId);
}

/** Prepares a call of AWS's query protocol (IAM, STS): form in, XML out. */
export function prepareQueryCall(
  options: QueryServiceOptions,
  input: { request: HttpRequest; body: Buffer; endpoint: Endpoint },
): Prepared {
  const { request, body, endpoint } = input;
  const form = request.method === "GET" ? request.query : body.toString("utf8");
  const parameters = new Parameters(form);
  const operation = parameters.optional("Action") ?? "";
  return {
    operation,
    fail: (error, requestId) => fault(options, error, requestId),
    async run(call) {
      const { service, sessions, clock } = options;
      const principal = authenticate(request, body, { endpoint, service, dialect: "query", sessions, clock });
      call.principal = principal;
      call.account = principal.account;
      if (service === "iam" && principal.session) {
        // Sessions made without MFA may not call IAM at all (STS API reference, GetSessionToken).
        throw new AwsError("InvalidClientTokenId", "The security token included in the request is invalid", 403);
      }
      const version = parameters.optional("Version");
      const run = Object.hasOwn(options.operations, operation) ? options.operations[operation] : undefined;
      if (version !== options.version || !run) {
        const message = `Could not find operation ${operation.slice(0, 100)} for version ${(version ?? "NO_VERSION_SPECIFIED").slice(0, 40)}`;
        throw new AwsError("InvalidAction", message);
      }
      options.throttle(call);
      return success(options, operation, run({ call, principal, parameters }), call.id);
    },
  };
}
