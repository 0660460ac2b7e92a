import { ECRClient } from "@aws-sdk/client-ecr";
import { STSClient } from "@aws-sdk/client-sts";
import { networkError, RegistryError } from "@berth/oci";
import { assertSendable, maskAccessKeyId } from "./access-key.ts";
import type { AwsCredentials } from "./aws-credentials.ts";
import type { AwsHttpHandler } from "./aws-http-handler.ts";
import type { EcrEndpoint } from "./ecr-endpoint.ts";
import { classifyAwsFailure, type EcrFailureContext } from "./ecr-error.ts";

/** What a call was about, for its error. */
export type CallFacts = { repository?: string; image?: string };

/**
 * The SDK's clients for one registry and one identity. Everything that the SDK would otherwise look up in the
 * environment or in files (credentials, region, endpoint, retries) is given, so a key is never sent elsewhere.
 */
export class AwsClients {
  readonly ecr: ECRClient;
  readonly sts: STSClient;
  readonly #endpoint: EcrEndpoint;
  readonly #handler: AwsHttpHandler;
  readonly #credentials: AwsCredentials;
  readonly #accessKeyId: string;

  constructor(endpoint: EcrEndpoint, credentials: AwsCredentials, handler: AwsHttpHandler) {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const shared = {
      region: endpoint.host.region,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
      requestHandler: handler,
      maxAttempts: 3,
      retryMode: "standard",
      defaultsMode: "standard",
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
      authSchemePreference: ["aws.auth#sigv4"],
      userAgentAppId: "berth",
    } as const;
    const config = { ...shared, authSchemePreference: [...shared.authSchemePreference] };
    this.ecr = new ECRClient({ ...config, endpoint: endpoint.apiUrl.href });
    this.sts = new STSClient({ ...config, endpoint: endpoint.stsUrl.href, useGlobalEndpoint: false });
    this.#endpoint = endpoint;
    this.#handler = handler;
    this.#credentials = credentials;
    this.#accessKeyId = maskAccessKeyId(accessKeyId);
  }

  /** What is known for the errors of calls made with these clients. */
  failureContext(facts: CallFacts = {}): EcrFailureContext {
    const { registryHost, accountId, region, partition } = this.#endpoint.host;
    const skewMs = this.#handler.skewOf(this.#endpoint.apiUrl) ?? this.#handler.skewOf(this.#endpoint.stsUrl);
    const context = { host: registryHost, accountId, region, partition, accessKeyId: this.#accessKeyId, ...facts };
    return skewMs === undefined ? context : { ...context, skewMs };
  }

  /** Runs one SDK call; whatever goes wrong becomes a `RegistryError`, or the signal's reason. */
  async call<T>(
    service: "ecr" | "sts",
    operation: string,
    send: () => Promise<T>,
    { signal, ...facts }: CallFacts & { signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    assertSendable(this.#credentials);
    try {
      return await send();
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#translate(service, operation, error, facts);
    }
  }

  #translate(service: "ecr" | "sts", operation: string, error: unknown, facts: CallFacts): RegistryError {
    const context = this.failureContext(facts);
    const endpoint = service === "ecr" ? this.#endpoint.apiUrl : this.#endpoint.stsUrl;
    const network = networkError(error, { ...context, host: endpoint.host, operation });
    if (network !== undefined) return network;
    const { name, message, httpStatus, requestId } = readSdkError(error);
    if (httpStatus === 407) return new RegistryError("PROXY_AUTH", context);
    if (httpStatus === 431) return new RegistryError("HEADER_TOO_LARGE", context);
    // An answer that is not AWS's own form has been made by something on the way.
    const isForeign = name === "SyntaxError" || name === "TypeError";
    if (isForeign && (httpStatus ?? 0) < 500)
      return new RegistryError("V2_ANSWER_INVALID", { ...context, host: endpoint.host });
    return classifyAwsFailure(
      {
        service,
        operation,
        code: name,
        message,
        ...(httpStatus !== undefined && { httpStatus }),
        ...(requestId !== undefined && { requestId }),
      },
      context,
    );
  }
}

type SdkError = { name: string; message: string; httpStatus?: number; requestId?: string };

function readSdkError(error: unknown): SdkError {
  if (!(error instanceof Error)) return { name: "Unknown", message: "" };
  const metadata: unknown = "$metadata" in error ? error.$metadata : undefined;
  const field = (name: string): unknown =>
    typeof metadata === "object" && metadata !== null ? Reflect.get(metadata, name) : undefined;
  const httpStatus = field("httpStatusCode");
  const requestId = field("requestId");
  return {
    name: error.name,
    message: error.message,
    ...(typeof httpStatus === "number" && { httpStatus }),
    ...(typeof requestId === "string" && { requestId }),
  };
}
