import {
  type AddressPolicy,
  type Credential,
  classifyAddress,
  type Digest,
  isDigest,
  maxConfigBytes,
  RegistryClient,
  RegistryError,
  type Resolve,
  resolveVetted,
  type SafeHttp,
  staticKeychain,
} from "@berth/oci";
import { describe, type Finding } from "./check-steps.ts";
import type { EcrApi, Signal } from "./ecr-api.ts";
import type { EcrCatalog } from "./ecr-catalog.ts";
import type { EcrEndpoint } from "./ecr-endpoint.ts";
import { skewLimitMs } from "./ecr-error.ts";
import { downloadLayer } from "./layer-download.ts";
import { probeTls } from "./tls-probe.ts";

export type CheckDeps = {
  endpoint: EcrEndpoint;
  api: EcrApi;
  catalog: EcrCatalog;
  http: SafeHttp;
  addresses: AddressPolicy;
  resolve?: Resolve;
  skewOf: (url: URL) => number | undefined;
};

/** An image that the later probes use, as far as one is known. */
export type Sample = { repository: string; id?: string; configDigest?: Digest };

/** Nobody gives an image this tag, so asking for it tells whether one may ask. */
const impossibleTag = "berth-check-no-such-tag";
const impossibleDigest: Digest = `sha256:${"0".repeat(64)}`;

/** Resolves the three names that everything goes through, and vets where they lead. */
export async function probeDns({ endpoint, addresses, resolve }: CheckDeps): Promise<Finding> {
  const names = [endpoint.registryUrl, endpoint.apiUrl, endpoint.stsUrl].map(({ hostname }) => hostname);
  const found = await Promise.all(names.map((name) => resolveVetted(name, addresses, resolve)));
  const isPrivate = found.flat().some(({ address }) => classifyAddress(address) === "private");
  return {
    detail: isPrivate ? "All names resolve, some to private addresses (VPC endpoints)." : "All names resolve.",
  };
}

/** Connects to the registry and looks at its certificate. */
export async function probeConnection({ endpoint, addresses, resolve }: CheckDeps, signal: Signal): Promise<Finding> {
  const options = { signal, ...(resolve && { resolve }) };
  const { protocol, issuer } = await probeTls(endpoint.registryUrl, addresses, options);
  return { detail: issuer === undefined ? `${protocol}.` : `${protocol}, certificate issued by ${issuer}.` };
}

/** Asks without a credential: ECR answers by asking for one, in a way of its own. */
export async function probeChallenge(deps: CheckDeps, signal: Signal): Promise<Finding> {
  const { schemes } = await dataPlane(deps, { kind: "anonymous" }).challenge(signal);
  if (schemes.includes("basic")) return { detail: "It asks for a token, as ECR does." };
  throw new RegistryError("V2_ANSWER_INVALID", { host: deps.endpoint.registryUrl.host });
}

/** What to say of a key that AWS recognises: whether the clock is right and the account the registry's. */
export function judgeCaller({ endpoint, skewOf }: CheckDeps, arn: string, callerAccountId: string): Finding {
  const { accountId } = endpoint.host;
  const skewMs = skewOf(endpoint.stsUrl);
  if (skewMs !== undefined && Math.abs(skewMs) >= skewLimitMs) {
    return { ...describe(new RegistryError("AWS_CLOCK_SKEW", { skewMs })), status: "warning" };
  }
  if (callerAccountId === accountId) return { detail: arn };
  const detail = `${arn} is of account ${callerAccountId}, the registry of account ${accountId}. That works where the repository policies there name this caller.`;
  return { status: "warning", code: "ECR_WRONG_ACCOUNT", detail };
}

/** Reads the sample's manifest; where there is no image, asks for one that cannot exist. */
export async function probeManifest(
  { catalog }: CheckDeps,
  { repository, id }: Sample,
  signal: Signal,
): Promise<{ finding: Finding; configDigest?: Digest }> {
  const asked = id ?? impossibleTag;
  const image = (await catalog.resolveMany(repository, [asked], signal ? { signal } : {})).get(asked);
  if (image instanceof RegistryError) {
    const isInferred = id === undefined && image.code === "ECR_IMAGE_NOT_FOUND";
    if (isInferred) return { finding: { detail: "Allowed (inferred)." } };
    // A chart or a signature is no image, and yet it could be read.
    if (image.code === "MANIFEST_UNSUPPORTED") return { finding: { ...describe(image), status: "warning" } };
    throw image;
  }
  const [first] = image?.images ?? [];
  const detail = `${repository}${isDigest(asked) ? "@" : ":"}${asked}.`;
  return { finding: { detail }, ...(first && { configDigest: first.configDigest }) };
}

/** Downloads one byte of the sample's config; where none is known, asks for the address of a layer that cannot exist. */
export async function probeLayer(
  { api, http, endpoint }: CheckDeps,
  { repository, configDigest }: Sample,
  signal: Signal,
): Promise<Finding> {
  if (configDigest === undefined) {
    await api.layerUrl(repository, impossibleDigest, signal).catch((error: unknown) => {
      if (!(error instanceof RegistryError) || error.code !== "ECR_LAYER_NOT_FOUND") throw error;
    });
    return { detail: "Allowed (inferred)." };
  }
  const url = await api.layerUrl(repository, configDigest, signal);
  await downloadLayer(http, endpoint, url, { maxBytes: maxConfigBytes, range: "bytes=0-0", signal });
  return { detail: `From ${url.host}.` };
}

/** Signs in to the data plane with the token, as an engine does, and looks at the sample there. */
export async function probePull(
  deps: CheckDeps,
  password: string,
  sample: Sample | undefined,
  signal: Signal,
): Promise<Finding> {
  const client = dataPlane(deps, { kind: "basic", username: "AWS", password });
  await client.ping(signal);
  if (sample?.id === undefined || sample.configDigest === undefined) return { detail: "The token is accepted." };
  await client.headManifest(sample.repository, sample.id, signal);
  return { detail: "The token is accepted, and the image can be pulled with it." };
}

function dataPlane({ http, endpoint }: CheckDeps, credential: Credential): RegistryClient {
  const { registryHost } = endpoint.host;
  const keychain = staticKeychain(registryHost, credential);
  return new RegistryClient({
    http,
    origin: endpoint.registryUrl,
    registry: registryHost,
    keychain,
    timeoutMs: 20_000,
  });
}
