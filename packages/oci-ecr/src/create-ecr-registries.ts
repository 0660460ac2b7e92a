import { type AddressPolicy, RegistryError, SafeHttp } from "@berth/oci";
import { AwsClients } from "./aws-clients.ts";
import type { AwsCredentials } from "./aws-credentials.ts";
import { AwsHttpHandler } from "./aws-http-handler.ts";
import { ConfigCache } from "./config-cache.ts";
import { CredentialFingerprints } from "./credential-fingerprint.ts";
import { EcrApi } from "./ecr-api.ts";
import { EcrApiCatalog } from "./ecr-api-catalog.ts";
import type { EcrCatalog } from "./ecr-catalog.ts";
import { type EcrEndpoint, originsOf, resolveEndpoint } from "./ecr-endpoint.ts";
import { isAwsHostname, parseEcrHost } from "./ecr-host.ts";
import type {
  AuthorizationRequest,
  CheckRequest,
  EcrRegistries,
  EcrRegistriesOptions,
  RegistryAuthorization,
} from "./ecr-registries.ts";
import type { CheckReport } from "./registry-check.ts";
import { checkName, checkRegistry } from "./registry-checker.ts";
import { TokenBroker } from "./token-broker.ts";
import type { RegistryToken } from "./token-state.ts";

/** One identity at one registry. */
type EcrSession = {
  endpoint: EcrEndpoint;
  clients: AwsClients;
  api: EcrApi;
  catalog: EcrApiCatalog;
  tokenKey: string;
};

const maxSessions = 200;
const addresses: AddressPolicy = { mayBePrivate: isAwsHostname };

/** Makes the one object through which the server reaches ECR. */
export function createEcrRegistries(options: EcrRegistriesOptions = {}): EcrRegistries {
  return new Registries(options);
}

class Registries implements EcrRegistries {
  readonly #options: EcrRegistriesOptions;
  readonly #now: () => number;
  readonly #handler: AwsHttpHandler;
  readonly #http: SafeHttp;
  readonly #broker: TokenBroker;
  readonly #fingerprints = new CredentialFingerprints();
  readonly #sessions = new Map<string, EcrSession>();

  constructor(options: EcrRegistriesOptions) {
    const { clock, lease, resolve, endpointOverrides = new Map(), onUpstreamCall } = options;
    this.#options = options;
    this.#now = clock === undefined ? Date.now : () => clock.now();
    const trustedHostnames = new Set([...endpointOverrides.values()].map(({ api }) => api.hostname));
    this.#handler = new AwsHttpHandler({
      addresses,
      trustedHostnames,
      resolve,
      now: this.#now,
      onCall: onUpstreamCall,
    });
    this.#http = new SafeHttp({
      addresses,
      trustedOrigins: [...endpointOverrides.values()].flatMap(({ api, registry }) =>
        [api, registry].flatMap(originsOf),
      ),
      now: this.#now,
      onRequest: ({ method, url }) => {
        const isRegistry = url.pathname.startsWith("/v2/");
        onUpstreamCall?.({ service: isRegistry ? "registry" : "layer", operation: method });
      },
      ...(resolve && { resolve }),
    });
    this.#broker = new TokenBroker({ clock: { now: this.#now }, ...(lease && { lease }) });
  }

  catalog(registry: string, credentials: AwsCredentials): EcrCatalog {
    return this.#session(registry, credentials).catalog;
  }

  async check(request: CheckRequest): Promise<CheckReport> {
    request.signal?.throwIfAborted();
    let session: EcrSession;
    try {
      session = this.#session(request.registry, request.credentials);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return checkName(request, error);
    }
    // Someone looks at this: what failed a moment ago is tried again.
    this.#broker.retryNow(session.tokenKey);
    const { resolve } = this.#options;
    const skewOf = (url: URL) => this.#handler.skewOf(url);
    return await checkRegistry(
      { ...session, http: this.#http, addresses, skewOf, ...(resolve && { resolve }) },
      request,
    );
  }

  async authorization(request: AuthorizationRequest): Promise<RegistryAuthorization> {
    const { registry, credentials, minRemainingMs, signal } = request;
    const session = this.#session(registry, credentials);
    const token = await this.#broker.get({
      key: session.tokenKey,
      fetch: (fetchSignal) => this.#fetchToken(session, fetchSignal),
      minRemainingMs,
      ...(signal && { signal }),
    });
    const { registryUrl } = session.endpoint;
    return {
      username: "AWS",
      password: token.password,
      expiresAt: new Date(token.expiresAtMs),
      pullHost: registryUrl.host,
      pullScheme: registryUrl.protocol === "http:" ? "http" : "https",
    };
  }

  async forget(registry: string, credentials: AwsCredentials): Promise<void> {
    const { tokenKey } = this.#session(registry, credentials);
    for (const [key, session] of this.#sessions) if (session.tokenKey === tokenKey) this.#sessions.delete(key);
    await this.#broker.forget(tokenKey);
  }

  async close(): Promise<void> {
    this.#broker.close();
    this.#handler.destroy();
    await this.#http.close();
  }

  async #fetchToken({ api, endpoint }: EcrSession, signal: AbortSignal): Promise<RegistryToken> {
    const { password, expiresAt } = await api.authorizationToken(signal);
    // AWS tells the time of expiry by its clock; ours may differ.
    const skewMs = this.#handler.skewOf(endpoint.apiUrl) ?? 0;
    return { password, issuedAtMs: this.#now(), expiresAtMs: expiresAt.getTime() - skewMs };
  }

  /** Throws REGISTRY_HOST_INVALID, ECR_FIPS_UNAVAILABLE. */
  #session(registry: string, credentials: AwsCredentials): EcrSession {
    const fingerprint = this.#fingerprints.of(credentials);
    const key = `${fingerprint} ${registry}`;
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    const endpoint = resolveEndpoint(parseEcrHost(registry), this.#options.endpointOverrides ?? new Map());
    const clients = new AwsClients(endpoint, credentials, this.#handler);
    const api = new EcrApi(clients, endpoint.host.accountId);
    const failureContext = clients.failureContext.bind(clients);
    const configs = new ConfigCache();
    const catalog = new EcrApiCatalog({ api, endpoint, http: this.#http, configs, failureContext });
    // One token serves every account that the identity reaches in a region, so the account is no part of the key;
    // the endpoint is, since a token of the one is worthless at the other.
    const { partition, region } = endpoint.host;
    const session = {
      endpoint,
      clients,
      api,
      catalog,
      tokenKey: `ecr ${partition} ${region} ${endpoint.apiUrl.origin} ${fingerprint}`,
    };
    if (this.#sessions.size >= maxSessions) this.#sessions.clear();
    this.#sessions.set(key, session);
    return session;
  }
}
