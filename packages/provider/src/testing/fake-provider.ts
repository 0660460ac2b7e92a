import { setTimeout as sleep } from "node:timers/promises";
import type { Observation, ObservedWorkspace } from "../observation.ts";
import type { ProviderStep } from "../progress.ts";
import { ProviderError } from "../provider-error.ts";
import type { ApplyContext, ProviderInfo, WorkspaceProvider } from "../workspace-provider.ts";
import type { WorkspaceSpec } from "../workspace-spec.ts";
import { FakeEngine, fakeKey, splitKey } from "./fake-engine.ts";
import { pullFakeImage } from "./fake-pull.ts";

export { FakeEngine, type FakeImage, fakeKey } from "./fake-engine.ts";

export type FakeProviderOptions = {
  engine?: FakeEngine;
  installationId?: string;
  info?: Partial<ProviderInfo>;
  /** Plays the part of the agent: told of each container that starts; `ended` aborts when the container does. */
  onStart?: (spec: WorkspaceSpec, ended: AbortSignal) => void;
};

/** Runs workspaces in memory, by the same contract as the real providers, as slowly and as badly as its engine is told. */
export class FakeProvider implements WorkspaceProvider {
  readonly kind = "docker";
  readonly engine: FakeEngine;
  readonly #installationId: string;
  readonly #info: ProviderInfo;
  readonly #onStart: FakeProviderOptions["onStart"];

  constructor(options: FakeProviderOptions = {}) {
    this.engine = options.engine ?? new FakeEngine();
    this.#installationId = options.installationId ?? "fake-installation";
    this.#onStart = options.onStart;
    this.#info = {
      kind: "docker",
      version: "fake",
      platforms: ["linux/amd64"],
      cpus: 64,
      memoryBytes: 256 * 2 ** 30,
      enforcesDisk: false,
      ...options.info,
    };
  }

  async describe(signal: AbortSignal): Promise<ProviderInfo> {
    this.#check(signal);
    return this.#info;
  }

  async apply(spec: WorkspaceSpec, context: ApplyContext): Promise<void> {
    const { engine } = this;
    const key = this.#key(spec.workspaceId);
    this.#check(context.signal);
    const running = engine.containers.get(key)?.observation;
    if (running?.state === "running" && running.revision === spec.revision) return;

    const hadHome = engine.homes.has(key);
    try {
      await this.#converge(spec, context);
    } catch (error) {
      if (!hadHome) engine.homes.delete(key);
      throw error;
    }
  }

  async #converge(spec: WorkspaceSpec, context: ApplyContext): Promise<void> {
    const { engine } = this;
    const key = this.#key(spec.workspaceId);
    const step = this.#stepReporter(spec.workspaceId, context);
    await step("image", () => pullFakeImage(engine, spec.image, context));
    await step("inspect", async () => "User root, home /root, shell /bin/sh");
    await step("home", async () => {
      const isKept = engine.homes.has(key);
      if (!isKept) engine.homes.set(key, new Map());
      return isKept ? "Kept from before" : "New, filled from the image's /root";
    });
    await step("agent", async () => undefined);
    this.#drop(key);
    await step("container", async () => undefined);
    await step("start", async () => undefined);
    this.#start(key, spec);
  }

  async observe(workspaceId: string, signal: AbortSignal): Promise<Observation> {
    this.#check(signal);
    const key = this.#key(workspaceId);
    return this.engine.containers.get(key)?.observation ?? { state: "absent", hasHome: this.engine.homes.has(key) };
  }

  async stop(workspaceId: string, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    await pause(this.engine.latencyMs.stop, signal);
    this.#drop(this.#key(workspaceId));
  }

  async remove(workspaceId: string, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    await pause(this.engine.latencyMs.remove, signal);
    const key = this.#key(workspaceId);
    this.#drop(key);
    this.engine.homes.delete(key);
  }

  async tailLogs(workspaceId: string, lines: number, signal: AbortSignal): Promise<string[]> {
    this.#check(signal);
    return this.engine.containers.get(this.#key(workspaceId))?.log.slice(-lines) ?? [];
  }

  async list(signal: AbortSignal): Promise<ObservedWorkspace[]> {
    this.#check(signal);
    const mine = new Set([...this.engine.homes.keys(), ...this.engine.containers.keys()]);
    return Promise.all(
      [...mine]
        .map(splitKey)
        .filter(({ installationId }) => installationId === this.#installationId)
        .map(async ({ workspaceId }) => ({ workspaceId, observation: await this.observe(workspaceId, signal) })),
    );
  }

  watch(onChange: (workspaceId: string) => void, signal: AbortSignal): void {
    this.engine.watch(this.#installationId, onChange, signal);
  }

  #start(key: string, spec: WorkspaceSpec): void {
    const ended = new AbortController();
    this.engine.containers.set(key, {
      spec,
      observation: {
        state: "running",
        revision: spec.revision,
        startedAt: new Date(),
        imageDigest: spec.image.digest,
      },
      log: [`agent dials ${spec.agent.url}`],
      ended,
    });
    this.engine.changed(key);
    this.#onStart?.(spec, ended.signal);
  }

  #drop(key: string): void {
    const container = this.engine.containers.get(key);
    if (!container) return;
    this.engine.containers.delete(key);
    container.ended.abort();
    this.engine.changed(key);
  }

  #stepReporter(workspaceId: string, { signal, report }: ApplyContext) {
    return async (step: ProviderStep, work: () => Promise<string | undefined>): Promise<void> => {
      this.#check(signal);
      report({ type: "step-started", step });
      await pause(this.engine.latencyMs[step], signal);
      this.#check(signal);
      const failure = this.engine.takeFailure(step, workspaceId);
      if (failure) throw failure;
      const detail = await work();
      report({ type: "step-finished", step, ...(detail === undefined ? {} : { detail }) });
    };
  }

  #check(signal: AbortSignal): void {
    if (signal.aborted) throw canceled();
    this.engine.checkReachable();
  }

  #key(workspaceId: string): string {
    return fakeKey(this.#installationId, workspaceId);
  }
}

async function pause(ms: number | undefined, signal: AbortSignal): Promise<void> {
  if (!ms) return;
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw canceled();
  }
}

function canceled(): ProviderError {
  return new ProviderError("CANCELED", "It was canceled.", { fix: "Start it again when you like.", retryable: true });
}
