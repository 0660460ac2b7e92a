import type { Observation, ObservedWorkspace } from "./observation.ts";
import type { ProgressEvent } from "./progress.ts";
import type { WorkspaceSpec } from "./workspace-spec.ts";

/** A login for one registry host, good for a while. Handed over per pull; a provider never keeps it. */
export type PullCredential = { username: string; password: string; expiresAt: Date };

export type ProviderInfo = {
  kind: "docker" | "kubernetes";
  /** Version of the engine or cluster, as it names itself. */
  version: string;
  /** Platforms its nodes run, e.g. `linux/amd64`. */
  platforms: string[];
  cpus: number;
  memoryBytes: number;
  /** Whether a workspace's disk size is enforced (`false`: advisory). */
  enforcesDisk: boolean;
};

export type ApplyContext = {
  signal: AbortSignal;
  /** Told what happens, as it happens; at most four progress figures a second. Must not throw. */
  report(event: ProgressEvent): void;
  /** Asked only when the image has to be pulled; `undefined` means anonymous. Its errors are passed on as they come. */
  pullCredential(): Promise<PullCredential | undefined>;
};

/**
 * Runs workspaces somewhere. Every method may be repeated safely, honours its signal, and throws `ProviderError`.
 * Whatever it makes carries the installation's id, so that it can be found again, and only what carries it is touched.
 */
export interface WorkspaceProvider {
  readonly kind: "docker" | "kubernetes";
  /** Asks the engine what it is. Throws ENGINE_UNREACHABLE when it does not answer. */
  describe(signal: AbortSignal): Promise<ProviderInfo>;
  /**
   * Converges on `spec`; resolves once the runtime accepted it (the agent may not have connected yet). A running
   * workspace of the same `revision` is left alone; of another revision it is replaced, its home kept. Cancelled or
   * failed, it leaves no half-made container, and no home that was not there before.
   */
  apply(spec: WorkspaceSpec, context: ApplyContext): Promise<void>;
  observe(workspaceId: string, signal: AbortSignal): Promise<Observation>;
  /** Frees compute, keeps home. */
  stop(workspaceId: string, signal: AbortSignal): Promise<void>;
  /** Deletes everything that belongs to this workspace, home included. */
  remove(workspaceId: string, signal: AbortSignal): Promise<void>;
  /** The last lines a workspace's own processes wrote before it ended, for a failure's card. */
  tailLogs(workspaceId: string, lines: number, signal: AbortSignal): Promise<string[]>;
  /** What exists under this installation's id, so that orphans can be found. */
  list(signal: AbortSignal): Promise<ObservedWorkspace[]>;
  /** Calls back when a workspace's container starts, ends or vanishes; reconnects by itself until aborted. */
  watch(onChange: (workspaceId: string) => void, signal: AbortSignal): void;
}
