import { randomUUID } from "node:crypto";
import type { Call } from "./call.ts";
import { type EcrServiceDeps, prepareEcrCall } from "./ecr/service.ts";
import { type Endpoint, type EndpointDefaults, resolveEndpoint } from "./http/endpoint.ts";
import { type HttpRequest, header, readBody } from "./http/request.ts";
import { prepareQueryCall, type QueryServiceOptions } from "./query/service.ts";
import type { V2Deps } from "./registry/v2-context.ts";
import { prepareV2Request } from "./registry/v2-service.ts";
import { prepareLayerDownload, type S3Deps } from "./s3/service.ts";
import type { Prepared } from "./service.ts";
import { parseQuery } from "./sigv4/canonical-request.ts";

/** Room for a 4 MiB manifest with every character escaped. */
const maxApiBodyBytes = 16 * 1024 * 1024;

/** The services behind the listener, and what a request that names nothing is taken for. */
export type Services = {
  defaults: EndpointDefaults;
  ecr: EcrServiceDeps;
  iam: QueryServiceOptions;
  sts: QueryServiceOptions;
  v2: V2Deps;
  s3: S3Deps;
};

function formVersion(request: HttpRequest, body: Buffer): string | undefined {
  if (request.method === "GET") return new Map(parseQuery(request.query)).get("Version");
  const isForm = header(request, "content-type")?.startsWith("application/x-www-form-urlencoded") ?? false;
  return isForm ? new Map(parseQuery(body.toString("utf8"))).get("Version") : undefined;
}

/** Recognises a request; undefined when it is for no service. Throws `RequestEntityTooLarge`. */
export async function prepare(
  request: HttpRequest,
  services: Services,
): Promise<{ endpoint: Endpoint; prepared: Prepared } | undefined> {
  const byName = resolveEndpoint(request, undefined, services.defaults);
  if (byName.service === "registry")
    return { endpoint: byName, prepared: prepareV2Request(request, byName, services.v2) };
  if (byName.service === "s3")
    return { endpoint: byName, prepared: prepareLayerDownload(request, byName, services.s3) };
  const body = await readBody(request, maxApiBodyBytes);
  const endpoint = resolveEndpoint(request, formVersion(request, body), services.defaults);
  if (endpoint.service === "ecr")
    return { endpoint, prepared: prepareEcrCall(services.ecr, { request, body, endpoint }) };
  if (endpoint.service === "iam")
    return { endpoint, prepared: prepareQueryCall(services.iam, { request, body, endpoint }) };
  if (endpoint.service === "sts")
    return { endpoint, prepared: prepareQueryCall(services.sts, { request, body, endpoint }) };
  return undefined;
}

/** The record of a request that begins. */
export function startCall(request: HttpRequest, endpoint: Endpoint, operation: string, now: number): Call {
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
