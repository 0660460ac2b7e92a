import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { Agent, buildConnector, type Dispatcher } from "undici";
import { RegistryError } from "../errors.ts";
import type { AddressPolicy } from "./address-policy.ts";
import { networkError } from "./network-error.ts";
import { headersFor, nextHop, type RedirectPolicy, refuseRedirects } from "./redirect.ts";
import { type Resolve, resolveVetted, vettedLookup } from "./vetted-lookup.ts";

export type SafeHttpOptions = {
  addresses?: AddressPolicy;
  /** Origins an operator typed, such as a sandbox on loopback: there, exactly, plain HTTP and any address are allowed. */
  trustedOrigins?: readonly string[];
  resolve?: Resolve;
  /** PEM certificates to trust instead of the built-in ones. */
  ca?: string;
  now?: () => number;
  timeouts?: { connectMs?: number; firstByteMs?: number; idleMs?: number };
  /** Told of every request that leaves, each hop of a redirect counted. */
  onRequest?: (request: { method: string; url: URL }) => void;
};

export type SafeRequest = {
  method?: "GET" | "HEAD";
  url: URL;
  headers?: Readonly<Record<string, string>>;
  /** More than this is refused with RESPONSE_TOO_LARGE. */
  maxBytes: number;
  /** Refuses every redirect unless given. */
  redirects?: RedirectPolicy;
  /** For the whole request, hops and body included. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

export type SafeResponse = {
  status: number;
  /** Lower-case names; repeated headers joined with a comma. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** Where the answer came from, after redirects. */
  url: URL;
  /** How far the answering server's clock is ahead of ours, when it told. */
  skewMs?: number;
};

const maxHops = 5;
const redirectStatus = new Set([301, 302, 303, 307, 308]);

/**
 * The one way to reach a host that a user named. It connects only to addresses that were vetted, follows redirects
 * only as far as the caller's policy says and without credentials on another origin, and bounds time and size.
 * Errors are `RegistryError`, or the signal's reason when the caller aborted.
 */
export class SafeHttp {
  readonly #options: SafeHttpOptions;
  readonly #trusted: ReadonlySet<string>;
  readonly #vetted: Agent;
  readonly #direct: Agent;

  constructor(options: SafeHttpOptions = {}) {
    this.#options = options;
    this.#trusted = new Set(options.trustedOrigins);
    const lookup = vettedLookup(options.addresses ?? {}, options.resolve);
    this.#vetted = agent(options, buildConnector({ ...connectOptions(options), lookup }));
    this.#direct = agent(options, buildConnector(connectOptions(options)));
  }

  /** Sends one request. An answer of any status is an answer; only what is no answer throws. */
  async request(request: SafeRequest): Promise<SafeResponse> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? 60_000);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    let url = request.url;
    let headers = { ...request.headers };
    for (let hop = 0; hop <= maxHops; hop++) {
      const response = await this.#send(url, headers, request, signal);
      if (!redirectStatus.has(response.status)) return response;
      const next = nextHop(url, response.headers.location, request.redirects ?? refuseRedirects);
      headers = headersFor(url, next, headers);
      url = next;
    }
    throw new RegistryError("REDIRECT_FORBIDDEN", { host: request.url.host, url: url.origin });
  }

  /** Ends idle connections and waits for the others. */
  async close(): Promise<void> {
    await Promise.all([this.#vetted.close(), this.#direct.close()]);
  }

  async #send(
    url: URL,
    headers: Record<string, string>,
    { method = "GET", maxBytes, signal: callerSignal }: SafeRequest,
    signal: AbortSignal,
  ): Promise<SafeResponse> {
    try {
      const dispatcher = await this.#dispatcherFor(url);
      signal.throwIfAborted();
      this.#options.onRequest?.({ method, url });
      const options = { origin: url.origin, path: url.pathname + url.search, method, headers, signal } as const;
      return await this.#receive(url, await dispatcher.request(options), maxBytes);
    } catch (error) {
      callerSignal?.throwIfAborted();
      const known = networkError(error, { host: url.host });
      throw known ?? new RegistryError("V2_ANSWER_INVALID", { host: url.host });
    }
  }

  async #dispatcherFor(url: URL): Promise<Agent> {
    if (this.#trusted.has(url.origin)) return this.#direct;
    if (url.protocol !== "https:") throw forbidden(url, "it must be https");
    if (url.username !== "" || url.password !== "") throw forbidden(url, "it must not hold a user name or password");
    // Sockets look up names, not literal addresses, so those are vetted here.
    if (isIP(url.hostname.replace(/^\[|\]$/g, ""))) await resolveVetted(url.hostname, this.#options.addresses ?? {});
    return this.#vetted;
  }

  async #receive(url: URL, response: Dispatcher.ResponseData, maxBytes: number): Promise<SafeResponse> {
    const headers = joinHeaders(response.headers);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.length;
      // Leaving the loop destroys the body, and with it the connection.
      if (size > maxBytes) throw new RegistryError("RESPONSE_TOO_LARGE", { host: url.host, limit: maxBytes });
      chunks.push(chunk);
    }
    const date = Date.parse(headers.date ?? "");
    const skewMs = date - (this.#options.now ?? Date.now)();
    const body = Buffer.concat(chunks);
    return { status: response.statusCode, headers, body, url, ...(!Number.isNaN(skewMs) && { skewMs }) };
  }
}

function connectOptions({ ca, timeouts }: SafeHttpOptions): buildConnector.BuildOptions {
  return { allowH2: false, timeout: timeouts?.connectMs ?? 5_000, ...(ca !== undefined && { ca }) };
}

function agent({ timeouts }: SafeHttpOptions, connect: buildConnector.connector): Agent {
  return new Agent({
    connect,
    headersTimeout: timeouts?.firstByteMs ?? 15_000,
    bodyTimeout: timeouts?.idleMs ?? 30_000,
    maxHeaderSize: 32 * 1024,
  });
}

function forbidden(url: URL, problem: string): RegistryError {
  return new RegistryError("URL_FORBIDDEN", { host: url.host, url: url.origin, problem });
}

function joinHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return joined;
}
