import type { Log } from "./ports.ts";

export type ReconcileLoopDeps = {
  /** Works on one workspace; gives when to come back to it, if by itself, and which version it saw last. */
  reconcile(workspaceId: string, signal: AbortSignal): Promise<{ again?: Date | undefined; version?: number }>;
  noticeChange(workspaceId: string): Promise<void>;
  listDue(): Promise<string[]>;
  clock: () => Date;
  sweepMs: number;
  /** How many workspaces are worked on at once. */
  concurrency: number;
  log: Log;
};

/**
 * Decides when each workspace is looked at: when it is woken, when its time has come, and at every sweep, which catches
 * whatever a lost notification or a dead process left behind. A workspace is never worked on twice at once here.
 */
export class ReconcileLoop {
  readonly #deps: ReconcileLoopDeps;
  readonly #stop = new AbortController();
  readonly #queue = new Set<string>();
  /** Those being worked on, with the newest version anybody spoke of meanwhile. */
  readonly #active = new Map<string, { newest: number }>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #idle = new Set<() => void>();
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(deps: ReconcileLoopDeps) {
    this.#deps = deps;
  }

  start(): void {
    void this.#sweep();
  }

  /**
   * Looks at a workspace now, or again as soon as the present look has ended, unless that has seen `version` already:
   * most changes that are told are one's own.
   */
  wake(workspaceId: string, version = Number.POSITIVE_INFINITY): void {
    if (this.#stop.signal.aborted) return;
    const active = this.#active.get(workspaceId);
    if (active) {
      active.newest = Math.max(active.newest, version);
      this.#deps.noticeChange(workspaceId).catch((error: unknown) => {
        this.#deps.log.warn({ err: error, workspaceId }, "a change could not be read");
      });
      return;
    }
    this.#queue.add(workspaceId);
    this.#drain();
  }

  /** Looks at everything now: notifications may have been missed. */
  sweepNow(): void {
    clearTimeout(this.#sweepTimer);
    void this.#sweep();
  }

  /** Ends the work under way where it stands and waits for it. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("The server is stopping."));
    clearTimeout(this.#sweepTimer);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#queue.clear();
    if (this.#active.size > 0) await new Promise<void>((resolve) => this.#idle.add(resolve));
  }

  #drain(): void {
    for (const workspaceId of this.#queue) {
      if (this.#active.size >= this.#deps.concurrency) return;
      this.#queue.delete(workspaceId);
      void this.#work(workspaceId);
    }
  }

  async #work(workspaceId: string): Promise<void> {
    const active = { newest: 0 };
    this.#active.set(workspaceId, active);
    clearTimeout(this.#timers.get(workspaceId));
    this.#timers.delete(workspaceId);
    let outcome: { again?: Date | undefined; version?: number } = {};
    try {
      outcome = await this.#deps.reconcile(workspaceId, this.#stop.signal);
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#deps.log.warn(
          { err: error, workspaceId },
          "a workspace could not be reconciled; the next sweep tries again",
        );
      }
      active.newest = 0;
    }
    this.#active.delete(workspaceId);
    if (outcome.again) this.#wakeAt(workspaceId, outcome.again);
    if (active.newest > (outcome.version ?? 0) && !this.#stop.signal.aborted) this.#queue.add(workspaceId);
    if (this.#active.size === 0) for (const resolve of this.#idle) resolve();
    this.#drain();
  }

  #wakeAt(workspaceId: string, time: Date): void {
    if (this.#stop.signal.aborted) return;
    const delayMs = Math.min(Math.max(time.getTime() - this.#deps.clock().getTime(), 100), 2 ** 31 - 1);
    const timer = setTimeout(() => {
      this.#timers.delete(workspaceId);
      this.wake(workspaceId);
    }, delayMs);
    this.#timers.set(workspaceId, timer);
  }

  async #sweep(): Promise<void> {
    try {
      for (const workspaceId of await this.#deps.listDue()) if (!this.#active.has(workspaceId)) this.wake(workspaceId);
    } catch (error) {
      this.#deps.log.warn({ err: error }, "a sweep failed");
    }
    clearTimeout(this.#sweepTimer);
    if (!this.#stop.signal.aborted) this.#sweepTimer = setTimeout(() => void this.#sweep(), this.#deps.sweepMs);
  }
}
