import { RegistryError } from "@berth/oci";
import type { CheckStep, CheckStepId } from "./registry-check.ts";

/** What a probe that was carried out found. */
export type Finding = Partial<Pick<CheckStep, "status" | "code" | "detail" | "fix">>;

const titles: Record<CheckStepId, string> = {
  name: "Registry name and key",
  dns: "DNS",
  tls: "Connection and certificate",
  registry: "Registry answers",
  identity: "Who the key belongs to",
  token: "Registry token",
  repositories: "List repositories",
  images: "List images",
  manifest: "Read a manifest",
  layer: "Download a layer",
  pull: "Sign in to the registry",
};

/** Runs probes one after another, times them and tells of each as it ends. */
export class CheckSteps {
  readonly steps: CheckStep[] = [];
  readonly #onStep: (step: CheckStep) => void;
  readonly #signal: AbortSignal | undefined;

  constructor(onStep: (step: CheckStep) => void = () => undefined, signal?: AbortSignal) {
    this.#onStep = onStep;
    this.#signal = signal;
  }

  /** Runs a probe. `tolerate` may turn a failure into a finding; a failure it returns nothing for makes the step fail. */
  async run(
    id: CheckStepId,
    probe: () => Promise<Finding>,
    tolerate: (error: RegistryError) => Finding | undefined = () => undefined,
  ): Promise<CheckStep> {
    this.#signal?.throwIfAborted();
    const started = performance.now();
    const finding = await this.#find(probe, tolerate);
    this.#signal?.throwIfAborted();
    return this.#add(id, finding, performance.now() - started);
  }

  skip(id: CheckStepId, detail: string): CheckStep {
    return this.#add(id, { status: "skipped", detail }, 0);
  }

  async #find(
    probe: () => Promise<Finding>,
    tolerate: (error: RegistryError) => Finding | undefined,
  ): Promise<Finding> {
    try {
      return await probe();
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      return { ...describe(error), ...tolerate(error) };
    }
  }

  #add(id: CheckStepId, finding: Finding, durationMs: number): CheckStep {
    const step: CheckStep = { id, title: titles[id], status: "ok", durationMs: Math.round(durationMs), ...finding };
    this.steps.push(step);
    this.#onStep(step);
    return step;
  }
}

/** A failure as a finding. */
export function describe(error: RegistryError): Finding {
  return { status: "failed", code: error.code, detail: error.message, fix: error.fix };
}
