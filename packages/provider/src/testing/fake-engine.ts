import type { Observation } from "../observation.ts";
import type { ProviderStep } from "../progress.ts";
import { ProviderError } from "../provider-error.ts";
import type { ImageSource, WorkspaceSpec } from "../workspace-spec.ts";

/** Where an image is. An image nobody spoke of is on the engine already. */
export type FakeImage =
  | { state: "present" }
  | { state: "pullable"; layers?: number; login?: { username: string; password: string } }
  | { state: "missing" };

export type FakeContainer = {
  spec: WorkspaceSpec;
  observation: Observation;
  log: string[];
  /** Aborted when the container ends, however it ends; for the test's agent. */
  ended: AbortController;
};

type PlannedFailure = { step: ProviderStep; error: ProviderError; workspaceId: string | undefined };

/** An engine in memory, with what a test wants it to do. Several fake providers may share one. */
export class FakeEngine {
  /** How long each step takes, in milliseconds; 0 where nothing is said. */
  readonly latencyMs: Partial<Record<ProviderStep | "stop" | "remove", number>>;
  readonly containers = new Map<string, FakeContainer>();
  readonly homes = new Map<string, Map<string, string>>();
  readonly #images = new Map<string, FakeImage>();
  readonly #failures: PlannedFailure[] = [];
  readonly #watchers = new Map<string, Set<(workspaceId: string) => void>>();
  #isReachable = true;

  constructor(latencyMs: FakeEngine["latencyMs"] = {}) {
    this.latencyMs = latencyMs;
  }

  /** Says where an image is, by its digest. */
  setImage(digest: string, image: FakeImage): void {
    this.#images.set(digest, image);
  }

  imageOf({ digest }: ImageSource): FakeImage {
    return this.#images.get(digest) ?? { state: "present" };
  }

  /** Makes the next `apply` that reaches `step` fail there, of one workspace or of any. */
  failNext(step: ProviderStep, error: ProviderError, workspaceId?: string): void {
    this.#failures.push({ step, error, workspaceId });
  }

  takeFailure(step: ProviderStep, workspaceId: string): ProviderError | undefined {
    const at = this.#failures.findIndex(
      (planned) => planned.step === step && (planned.workspaceId ?? workspaceId) === workspaceId,
    );
    return at < 0 ? undefined : this.#failures.splice(at, 1)[0]?.error;
  }

  /** Makes every call fail with ENGINE_UNREACHABLE, or work again. */
  setReachable(isReachable: boolean): void {
    this.#isReachable = isReachable;
  }

  checkReachable(): void {
    if (this.#isReachable) return;
    throw new ProviderError("ENGINE_UNREACHABLE", "The container engine does not answer.", {
      fix: "Check that it runs and that its address is right.",
      retryable: true,
    });
  }

  /** Lets a container end as if its process had. */
  endByItself(key: string, exitCode: number, outOfMemory = false): void {
    const container = this.containers.get(key);
    if (container?.observation.state !== "running") return;
    const { revision } = container.observation;
    container.observation = { state: "exited", revision, exitCode, outOfMemory, finishedAt: new Date() };
    container.ended.abort();
    this.changed(key);
  }

  watch(installationId: string, onChange: (workspaceId: string) => void, signal: AbortSignal): void {
    const watchers = this.#watchers.get(installationId) ?? new Set();
    this.#watchers.set(installationId, watchers.add(onChange));
    signal.addEventListener("abort", () => watchers.delete(onChange), { once: true });
  }

  changed(key: string): void {
    const { installationId, workspaceId } = splitKey(key);
    for (const onChange of this.#watchers.get(installationId) ?? []) onChange(workspaceId);
  }
}

/** Everything on the engine belongs to one installation. */
export function fakeKey(installationId: string, workspaceId: string): string {
  return JSON.stringify([installationId, workspaceId]);
}

export function splitKey(key: string): { installationId: string; workspaceId: string } {
  const [installationId = "", workspaceId = ""] = JSON.parse(key) as string[];
  return { installationId, workspaceId };
}
