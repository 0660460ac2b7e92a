import {
  type AddressPolicy,
  classifyAddress,
  type Digest,
  isDigest,
  maxConfigBytes,
  parseRepositoryReference,
  RegistryClient,
  RegistryError,
  type RegistryErrorCode,
  type Resolve,
  resolveVetted,
  type SafeHttp,
  staticKeychain,
} from "@berth/oci";
import { keyWarnings } from "./access-key.ts";
import { CheckSteps, describe, type Finding } from "./check-steps.ts";
import { summarize } from "./check-summary.ts";
import type { EcrApi } from "./ecr-api.ts";
import type { EcrCatalog } from "./ecr-catalog.ts";
import type { EcrEndpoint } from "./ecr-endpoint.ts";
import { skewLimitMs } from "./ecr-error.ts";
import type { CheckRequest } from "./ecr-registries.ts";
import { downloadLayer } from "./layer-download.ts";
import type { CheckReport } from "./registry-check.ts";
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
type Sample = { repository: string; id?: string; configDigest?: Digest };

/** Nobody gives an image this tag, so asking for it tells whether one may ask. */
const impossibleTag = "berth-check-no-such-tag";
const impossibleDigest: Digest = `sha256:${"0".repeat(64)}`;
const samplesTried = 3;

/** With these the key itself is of no use, so nothing that needs it is tried. */
const keyFailures: ReadonlySet<RegistryErrorCode> = new Set([
  "AWS_KEY_UNKNOWN",
  "AWS_SECRET_WRONG",
  "AWS_SESSION_EXPIRED",
  "AWS_CLOCK_SKEW",
]);

const denials: ReadonlySet<RegistryErrorCode> = new Set([
  "ECR_DENIED_IDENTITY",
  "ECR_DENIED_RESOURCE",
  "ECR_DENIED_BOUNDARY",
  "ECR_DENIED_SESSION",
  "ECR_DENIED_VPCE",
  "ECR_DENIED_SCP",
  "ECR_WRONG_ACCOUNT",
]);

/** The report on a registry whose name alone is wrong. */
export function checkName({ onStep, signal }: CheckRequest, error: RegistryError): Promise<CheckReport> {
  const steps = new CheckSteps(onStep, signal);
  return steps.run("name", () => Promise.reject(error)).then(() => summarize(steps.steps, {}));
}

/** Runs all probes against one registry; throws only the signal's reason. */
export async function checkRegistry(deps: CheckDeps, request: CheckRequest): Promise<CheckReport> {
  return await new RegistryChecker(deps, request).run();
}

class RegistryChecker {
  readonly #deps: CheckDeps;
  readonly #request: CheckRequest;
  readonly #steps: CheckSteps;
  readonly #signal: AbortSignal | undefined;

  constructor(deps: CheckDeps, request: CheckRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#signal = request.signal;
    this.#steps = new CheckSteps(request.onStep, request.signal);
  }

  async run(): Promise<CheckReport> {
    await this.#steps.run("name", async () => this.#name());
    await this.#network();
    const caller = await this.#identity();
    if (caller === undefined) return this.#report({});
    const token = await this.#token();
    const sample = await this.#browse();
    const found = await this.#probeImage(sample);
    await this.#pull(token, found);
    return this.#report(caller);
  }

  #report(caller: { callerArn?: string; callerAccountId?: string }): CheckReport {
    return summarize(this.#steps.steps, caller);
  }

  #name(): Finding {
    const { accountId, region, partition } = this.#deps.endpoint.host;
    const where = `Account ${accountId}, ${region}${partition === "aws" ? "" : ` (${partition})`}.`;
    const [warning, ...others] = keyWarnings(this.#request.credentials);
    if (warning === undefined) return { detail: where };
    const detail = [where, warning, ...others]
      .map((part) => (typeof part === "string" ? part : part.message))
      .join(" ");
    return { status: "warning", code: warning.code, detail };
  }

  async #network(): Promise<void> {
    const { endpoint } = this.#deps;
    const { registryUrl } = endpoint;
    if (endpoint.isOverridden) {
      const reason = `An operator of this server mapped the account to ${registryUrl.origin}.`;
      this.#steps.skip("dns", reason);
      if (registryUrl.protocol === "http:")
        this.#steps.skip("tls", `${reason} Plain HTTP has no certificate to check.`);
      else this.#steps.skip("tls", reason);
    } else {
      await this.#steps.run("dns", () => this.#dns());
      await this.#steps.run("tls", () => this.#tls());
    }
    await this.#steps.run("registry", () => this.#challenge());
  }

  async #dns(): Promise<Finding> {
    const { endpoint, addresses, resolve } = this.#deps;
    const names = [endpoint.registryUrl, endpoint.apiUrl, endpoint.stsUrl].map(({ hostname }) => hostname);
    const found = await Promise.all(names.map((name) => resolveVetted(name, addresses, resolve)));
    const isPrivate = found.flat().some(({ address }) => classifyAddress(address) === "private");
    return {
      detail: isPrivate ? "All names resolve, some to private addresses (VPC endpoints)." : "All names resolve.",
    };
  }

  async #tls(): Promise<Finding> {
    const { endpoint, addresses, resolve } = this.#deps;
    const options = { signal: this.#signal, ...(resolve && { resolve }) };
    const { protocol, issuer } = await probeTls(endpoint.registryUrl, addresses, options);
    return { detail: issuer === undefined ? `${protocol}.` : `${protocol}, certificate issued by ${issuer}.` };
  }

  async #challenge(): Promise<Finding> {
    const { schemes } = await this.#client().challenge(this.#signal);
    if (schemes.includes("basic")) return { detail: "It asks for a token, as ECR does." };
    throw new RegistryError("V2_ANSWER_INVALID", { host: this.#deps.endpoint.registryUrl.host });
  }

  /** Undefined when the key is of no use, so that the rest need not be tried. */
  async #identity(): Promise<{ callerArn?: string; callerAccountId?: string } | undefined> {
    const { api, endpoint } = this.#deps;
    let caller: { callerArn?: string; callerAccountId?: string } = {};
    const probe = async (): Promise<Finding> => {
      const { arn, accountId } = await api.callerIdentity(this.#signal);
      caller = { callerArn: arn, callerAccountId: accountId };
      return this.#judgeCaller(arn, accountId);
    };
    const step = await this.#steps.run("identity", probe, ({ code, message }) => {
      if (keyFailures.has(code)) return undefined;
      return {
        status: "warning",
        detail: `${message} Pulling does not need ${endpoint.stsUrl.host}, so the check goes on.`,
      };
    });
    return step.status === "failed" ? undefined : caller;
  }

  #judgeCaller(arn: string, callerAccountId: string): Finding {
    const { endpoint, skewOf } = this.#deps;
    const { accountId } = endpoint.host;
    const skewMs = skewOf(endpoint.stsUrl);
    if (skewMs !== undefined && Math.abs(skewMs) >= skewLimitMs) {
      return { ...describe(new RegistryError("AWS_CLOCK_SKEW", { skewMs })), status: "warning" };
    }
    if (callerAccountId === accountId) return { detail: arn };
    const detail = `${arn} is of account ${callerAccountId}, the registry of account ${accountId}. That works where the repository policies there name this caller.`;
    return { status: "warning", code: "ECR_WRONG_ACCOUNT", detail };
  }

  async #token(): Promise<string | undefined> {
    let password: string | undefined;
    await this.#steps.run("token", async () => {
      const token = await this.#deps.api.authorizationToken(this.#signal);
      password = token.password;
      return { detail: `Valid until ${token.expiresAt.toISOString()}.` };
    });
    return password;
  }

  /** Lists repositories and images; finds an image to go on with, or takes the one given. */
  async #browse(): Promise<Sample | undefined> {
    const { catalog } = this.#deps;
    let names: string[] = [];
    await this.#steps.run(
      "repositories",
      async () => {
        const { items, nextCursor } = await catalog.listRepositories({ limit: 100, ...this.#signalOption() });
        names = items.map(({ name }) => name);
        const some = nextCursor === undefined ? `${names.length}` : `More than ${names.length}`;
        return { detail: names.length === 1 ? "1 repository." : `${some} repositories.` };
      },
      tolerateDenial("This key may not list repositories. Image names typed in full work where pulling is allowed."),
    );
    const given = this.#given();
    if (given === undefined && names.length === 0) {
      this.#steps.skip("images", "There is no repository to try; name one to go on.");
      return undefined;
    }
    return await this.#listImages(given, names);
  }

  async #listImages(given: Sample | RegistryError | undefined, names: string[]): Promise<Sample | undefined> {
    let sample: Sample | undefined = given instanceof RegistryError ? undefined : given;
    const candidates = sample === undefined ? names.slice(0, samplesTried) : [sample.repository];
    await this.#steps.run(
      "images",
      async () => {
        if (given instanceof RegistryError) throw given;
        for (const repository of candidates) {
          sample ??= { repository };
          const { items } = await this.#deps.catalog.listImages(repository, { limit: 10, ...this.#signalOption() });
          const [image] = items;
          if (image === undefined) continue;
          sample = { repository, id: given?.id ?? image.tags[0] ?? image.digest };
          return { detail: `${repository} has images.` };
        }
        return { status: "warning", detail: `No images in ${candidates.join(", ")}.` };
      },
      tolerateDenial(
        "This key may not list the tags of this repository. Tags typed in full work where pulling is allowed.",
      ),
    );
    return sample;
  }

  /** Reads the sample's manifest and a byte of its config; where there is no image, asks for one that cannot exist. */
  async #probeImage(sample: Sample | undefined): Promise<Sample | undefined> {
    if (sample === undefined) {
      this.#steps.skip("manifest", "There is no repository to try.");
      this.#steps.skip("layer", "There is no repository to try.");
      return undefined;
    }
    let found = sample;
    const step = await this.#steps.run("manifest", async () => {
      const { finding, configDigest } = await this.#manifest(sample);
      if (configDigest !== undefined) found = { ...sample, configDigest };
      return finding;
    });
    if (step.status === "failed") this.#steps.skip("layer", "Without the manifest there is no layer to try.");
    else await this.#steps.run("layer", () => this.#layer(found));
    return step.status === "failed" ? undefined : found;
  }

  async #manifest({ repository, id }: Sample): Promise<{ finding: Finding; configDigest?: Digest }> {
    const asked = id ?? impossibleTag;
    const image = (await this.#deps.catalog.resolveMany(repository, [asked], this.#signalOption())).get(asked);
    if (image instanceof RegistryError) {
      if (id === undefined && image.code === "ECR_IMAGE_NOT_FOUND")
        return { finding: { detail: "Allowed (inferred)." } };
      // A chart or a signature is no image, and yet it could be read.
      if (image.code === "MANIFEST_UNSUPPORTED")
        return { finding: { status: "warning", ...omitStatus(describe(image)) } };
      throw image;
    }
    const [first] = image?.images ?? [];
    const detail = `${repository}${isDigest(asked) ? "@" : ":"}${asked}.`;
    return { finding: { detail }, ...(first && { configDigest: first.configDigest }) };
  }

  async #layer({ repository, configDigest }: Sample): Promise<Finding> {
    const { api, http, endpoint } = this.#deps;
    if (configDigest === undefined) {
      try {
        await api.layerUrl(repository, impossibleDigest, this.#signal);
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== "ECR_LAYER_NOT_FOUND") throw error;
      }
      return { detail: "Allowed (inferred)." };
    }
    const url = await api.layerUrl(repository, configDigest, this.#signal);
    const range = { maxBytes: maxConfigBytes, range: "bytes=0-0", signal: this.#signal };
    await downloadLayer(http, endpoint, url, range);
    return { detail: `From ${url.host}.` };
  }

  async #pull(token: string | undefined, sample: Sample | undefined): Promise<void> {
    if (token === undefined) {
      this.#steps.skip("pull", "Without a token there is nothing to sign in with.");
      return;
    }
    await this.#steps.run("pull", async () => {
      const client = this.#client(token);
      await client.ping(this.#signal);
      if (sample?.id === undefined || sample.configDigest === undefined) return { detail: "The token is accepted." };
      await client.headManifest(sample.repository, sample.id, this.#signal);
      return { detail: "The token is accepted, and the image can be pulled with it." };
    });
  }

  /** The image named in the request; an error when the name is malformed. */
  #given(): Sample | RegistryError | undefined {
    const { sampleRepository } = this.#request;
    if (sampleRepository === undefined || sampleRepository.trim() === "") return undefined;
    try {
      const { repository, tag, digest } = parseRepositoryReference(sampleRepository);
      const id = digest ?? tag;
      return id === undefined ? { repository } : { repository, id };
    } catch (error) {
      if (error instanceof RegistryError) return error;
      throw error;
    }
  }

  #client(token?: string): RegistryClient {
    const { http, endpoint } = this.#deps;
    const { registryHost } = endpoint.host;
    const credential =
      token === undefined
        ? ({ kind: "anonymous" } as const)
        : ({ kind: "basic", username: "AWS", password: token } as const);
    const keychain = staticKeychain(registryHost, credential);
    return new RegistryClient({
      http,
      origin: endpoint.registryUrl,
      registry: registryHost,
      keychain,
      timeoutMs: 20_000,
    });
  }

  #signalOption(): { signal?: AbortSignal } {
    return this.#signal === undefined ? {} : { signal: this.#signal };
  }
}

/** Browsing is a comfort, so that it is denied only warns. */
function tolerateDenial(detail: string): (error: RegistryError) => Finding | undefined {
  return ({ code, message }) =>
    denials.has(code) ? { status: "warning", detail: `${detail} (${message})` } : undefined;
}

function omitStatus({ status: _, ...finding }: Finding): Finding {
  return finding;
}
