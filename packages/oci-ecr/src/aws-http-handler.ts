import { lookup as systemLookup } from "node:dns";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { LookupFunction } from "node:net";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type AddressPolicy, RegistryError, type Resolve, vettedLookup } from "@berth/oci";
import { NodeHttpHandler } from "@smithy/node-http-handler";

/** One HTTP request that left for a registry or for AWS, retries included. */
export type UpstreamCall = { service: "ecr" | "sts" | "registry" | "layer"; operation: string };

export type AwsHttpHandlerOptions = {
  addresses: AddressPolicy;
  /** Hosts of the operator's overrides, which may be at any address. */
  trustedHostnames?: ReadonlySet<string>;
  resolve?: Resolve | undefined;
  now: () => number;
  onCall?: ((call: UpstreamCall) => void) | undefined;
  /** 64 MiB unless given: more than a batch of a hundred ordinary manifests, less than what hurts. */
  maxAnswerBytes?: number;
};

type HandleArguments = Parameters<NodeHttpHandler["handle"]>;

/**
 * The one request handler of all AWS clients: time limits, connections only to vetted addresses, a limit on size,
 * the clock difference to AWS, and a count of what leaves. Plain-HTTP endpoints exist only as operator's overrides,
 * which are on addresses of the operator's choice.
 */
export class AwsHttpHandler extends NodeHttpHandler {
  readonly #skewMs = new Map<string, number>();
  readonly #options: AwsHttpHandlerOptions;

  constructor(options: AwsHttpHandlerOptions) {
    const shared = { keepAlive: true, maxSockets: 64 };
    const vetted = vettedLookup(options.addresses, options.resolve);
    const lookup: LookupFunction = (hostname, how, done) =>
      options.trustedHostnames?.has(hostname) ? systemLookup(hostname, how, done) : vetted(hostname, how, done);
    super({
      connectionTimeout: 5_000,
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
      socketTimeout: 30_000,
      // With warnings of its own the SDK would write to the console.
      socketAcquisitionWarningTimeout: 2 ** 31 - 1,
      httpAgent: new HttpAgent(shared),
      httpsAgent: new HttpsAgent({ ...shared, lookup }),
    });
    this.#options = options;
  }

  /** How far the clock at `endpoint` is ahead of ours, by its latest answer. */
  skewOf(endpoint: URL): number | undefined {
    return this.#skewMs.get(endpoint.hostname);
  }

  override async handle(...[request, options]: HandleArguments): ReturnType<NodeHttpHandler["handle"]> {
    this.#options.onCall?.(describeCall(request));
    const { response } = await super.handle(request, options);
    const date = Date.parse(response.headers.date ?? "");
    if (!Number.isNaN(date)) this.#skewMs.set(request.hostname, date - this.#options.now());
    response.body = limitBody(response.body, request.hostname, this.#options.maxAnswerBytes ?? 64 * 1024 * 1024);
    return { response };
  }
}

function describeCall({ headers, body }: HandleArguments[0]): UpstreamCall {
  const target = headers["x-amz-target"] ?? headers["X-Amz-Target"];
  if (target !== undefined) return { service: "ecr", operation: target.slice(target.lastIndexOf(".") + 1) };
  return { service: "sts", operation: /(?:^|&)Action=(\w+)/.exec(String(body))?.[1] ?? "unknown" };
}

function limitBody(body: Readable, host: string, limit: number): Readable {
  let size = 0;
  const limiter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > limit) done(new RegistryError("RESPONSE_TOO_LARGE", { host, limit }));
      else done(null, chunk);
    },
  });
  // The limiter passes the error on to whoever reads it.
  pipeline(body, limiter).catch(() => undefined);
  return limiter;
}
