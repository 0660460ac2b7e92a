import { parseRepositoryReference, RegistryError, type RegistryErrorCode } from "@berth/oci";
import { keyWarnings } from "./access-key.ts";
import {
  type CheckDeps,
  judgeCaller,
  probeChallenge,
  probeConnection,
  probeDns,
  probeLayer,
  probeManifest,
  probePull,
  type Sample,
} from "./check-probes.ts";
import { CheckSteps, type Finding } from "./check-steps.ts";
import { summarize } from "./check-summary.ts";
import type { CheckRequest } from "./ecr-registries.ts";
import type { CheckReport } from "./registry-check.ts";

type Caller = Pick<CheckReport, "callerArn" | "callerAccountId">;

const samplesTried = 3;

/** With these the key itself is of no use, so nothing that needs it is tried. */
const keyFailures: ReadonlySet<RegistryErrorCode> = new Set([
  "AWS_KEY_FORMAT",
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
export async function checkName({ onStep, signal }: CheckRequest, error: RegistryError): Promise<CheckReport> {
  const steps = new CheckSteps(onStep, signal);
  await steps.run("name", () => Promise.reject(error));
  return summarize(steps.steps, {});
}

/** Runs all probes against one registry, which changes nothing there; throws only the signal's reason. */
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
    if (caller === undefined) return summarize(this.#steps.steps, {});
    const token = await this.#token();
    const sample = await this.#probeImage(await this.#browse());
    if (token === undefined) this.#steps.skip("pull", "Without a token there is nothing to sign in with.");
    else await this.#steps.run("pull", () => probePull(this.#deps, token, sample, this.#signal));
    return summarize(this.#steps.steps, caller);
  }

  #name(): Finding {
    const { accountId, region, partition } = this.#deps.endpoint.host;
    const where = `Account ${accountId}, ${region}${partition === "aws" ? "" : ` (${partition})`}.`;
    const warnings = keyWarnings(this.#request.credentials);
    const detail = [where, ...warnings.map(({ message }) => message)].join(" ");
    return warnings.length === 0 ? { detail } : { status: "warning", code: "AWS_KEY_FORMAT", detail };
  }

  async #network(): Promise<void> {
    const { isOverridden, registryUrl } = this.#deps.endpoint;
    if (isOverridden) {
      const reason = `An operator of this server mapped the account to ${registryUrl.origin}.`;
      this.#steps.skip("dns", reason);
      this.#steps.skip("tls", registryUrl.protocol === "http:" ? `${reason} Plain HTTP has no certificate.` : reason);
    } else {
      await this.#steps.run("dns", () => probeDns(this.#deps));
      await this.#steps.run("tls", () => probeConnection(this.#deps, this.#signal));
    }
    await this.#steps.run("registry", () => probeChallenge(this.#deps, this.#signal));
  }

  /** Undefined when the key is of no use, so that the rest need not be tried. */
  async #identity(): Promise<Caller | undefined> {
    let caller: Caller = {};
    const probe = async () => {
      const { arn, accountId } = await this.#deps.api.callerIdentity(this.#signal);
      caller = { callerArn: arn, callerAccountId: accountId };
      return judgeCaller(this.#deps, arn, accountId);
    };
    const step = await this.#steps.run("identity", probe, ({ code, message }) => {
      if (keyFailures.has(code)) return undefined;
      const { host } = this.#deps.endpoint.stsUrl;
      return { status: "warning", detail: `${message} Pulling does not need ${host}, so the check goes on.` };
    });
    return step.status === "failed" ? undefined : caller;
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
    let names: string[] = [];
    await this.#steps.run(
      "repositories",
      async () => {
        const { items, nextCursor } = await this.#deps.catalog.listRepositories({ limit: 100, ...this.#abortable() });
        names = items.map(({ name }) => name);
        if (names.length === 1) return { detail: "1 repository." };
        return { detail: `${nextCursor === undefined ? "" : "More than "}${names.length} repositories.` };
      },
      tolerateDenial("This key may not list repositories. Image names typed in full work where pulling is allowed."),
    );
    const given = this.#given();
    if (given !== undefined || names.length > 0) return await this.#listImages(given, names);
    this.#steps.skip("images", "There is no repository to try; name one to go on.");
    return undefined;
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
          const { items } = await this.#deps.catalog.listImages(repository, { limit: 10, ...this.#abortable() });
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

  async #probeImage(sample: Sample | undefined): Promise<Sample | undefined> {
    if (sample === undefined) {
      this.#steps.skip("manifest", "There is no repository to try.");
      this.#steps.skip("layer", "There is no repository to try.");
      return undefined;
    }
    let found = sample;
    const step = await this.#steps.run("manifest", async () => {
      const { finding, configDigest } = await probeManifest(this.#deps, sample, this.#signal);
      if (configDigest !== undefined) found = { ...sample, configDigest };
      return finding;
    });
    if (step.status === "failed") {
      this.#steps.skip("layer", "Without the manifest there is no layer to try.");
      return undefined;
    }
    await this.#steps.run("layer", () => probeLayer(this.#deps, found, this.#signal));
    return found;
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

  #abortable(): { signal?: AbortSignal } {
    return this.#signal === undefined ? {} : { signal: this.#signal };
  }
}

/** Browsing is a comfort, so that it is denied only warns. */
function tolerateDenial(detail: string): (error: RegistryError) => Finding | undefined {
  return ({ code, message }) =>
    denials.has(code) ? { status: "warning", detail: `${detail} (${message})` } : undefined;
}
