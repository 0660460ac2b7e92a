import type { WorkspaceStatus } from "@berth/api";
import type { WorkspaceProvider } from "@berth/provider";
import { BerthError } from "../domain/berth-error.ts";
import { failureOf } from "../domain/failure.ts";
import { type Move, needsObservation, nextMove, retryDelayMs } from "../domain/workspaces/next-move.ts";
import { type Build, bringsUp, type Workspace } from "../domain/workspaces/workspace.ts";
import type { BuildRunner } from "./build-runner.ts";
import type { Agents, Log, Recorder } from "./ports.ts";
import type { BuildOutcome, ReconcileStore } from "./store-port.ts";
import { type Lease, takeLease } from "./workspace-lease.ts";

export type ReconcilerDeps = {
  store: ReconcileStore;
  provider: WorkspaceProvider;
  runner: BuildRunner;
  agents: Agents;
  openRecorder(buildId: string): Promise<Recorder>;
  /** Names this process in leases. */
  owner: string;
  clock: () => Date;
  /** How long an agent may be away before its container is looked at. */
  agentGraceMs: number;
  log: Log;
};

/** When to look again by itself, and the version of the workspace that was looked at last. */
export type Outcome = { again?: Date | undefined; version?: number };

/** Why a build's work was stopped from outside. */
class BuildStopped extends Error {
  readonly why: "canceled" | "superseded";

  constructor(why: "canceled" | "superseded") {
    super(`The build was ${why}.`);
    this.why = why;
  }
}

const statusWhile = (build: Build): WorkspaceStatus =>
  bringsUp(build.kind) ? "starting" : build.kind === "stop" ? "stopping" : "deleting";

/** Brings one workspace to where it is wanted, move by move, under its lease. Safe to run anywhere, at any time. */
export class WorkspaceReconciler {
  readonly #deps: ReconcilerDeps;
  /** Builds under way here, so that a change can reach them. */
  readonly #running = new Map<string, { buildId: string; stop: AbortController }>();

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /** Works until the workspace is settled, or somebody else works on it. */
  async reconcile(workspaceId: string, signal: AbortSignal): Promise<Outcome> {
    const lease = await takeLease(this.#deps.store, workspaceId, this.#deps.owner);
    if (!lease) return {};
    try {
      const stop = AbortSignal.any([signal, lease.signal]);
      for (;;) {
        stop.throwIfAborted();
        const workspace = await this.#deps.store.find(workspaceId);
        if (!workspace) return {};
        const move = await this.#decide(workspace, stop);
        const again = await this.#act(workspace, move, lease, stop);
        if (again !== "continue") return { again, version: workspace.version };
      }
    } finally {
      await lease.release();
    }
  }

  /** Told that a workspace changed: a build under way here is stopped if it is no longer wanted. */
  async noticeChange(workspaceId: string): Promise<void> {
    const running = this.#running.get(workspaceId);
    if (!running) return;
    const latest = await this.#deps.store.latestBuild(workspaceId);
    if (!latest || running.stop.signal.aborted) return;
    if (latest.id !== running.buildId) running.stop.abort(new BuildStopped("superseded"));
    else if (latest.cancelRequested) running.stop.abort(new BuildStopped("canceled"));
  }

  async #decide(workspace: Workspace, signal: AbortSignal): Promise<Move> {
    const isAgentConnected = this.#deps.agents.isConnected(workspace.id, workspace.revision);
    const observation =
      needsObservation(workspace) && !isAgentConnected
        ? await this.#deps.provider.observe(workspace.id, signal)
        : undefined;
    return nextMove(workspace, { observation, isAgentConnected }, this.#deps.clock());
  }

  async #act(
    workspace: Workspace,
    move: Move,
    lease: Lease,
    signal: AbortSignal,
  ): Promise<Date | undefined | "continue"> {
    const { store, owner, clock, agentGraceMs } = this.#deps;
    switch (move.type) {
      case "settled":
        return workspace.retryAt ?? undefined;
      case "run-build":
        return (await this.#runBuild(workspace, lease, signal)) ? "continue" : undefined;
      case "recover":
        await store.recover(workspace, owner, move);
        return "continue";
      case "crashed": {
        const retryAt = move.retryInMs === null ? null : new Date(clock().getTime() + move.retryInMs);
        const failure = failureOf(
          move.exit.outOfMemory
            ? new BerthError("OUT_OF_MEMORY", `The workspace needed more than its ${workspace.memoryGb} GB of memory.`)
            : new BerthError("WORKSPACE_EXITED", `The workspace ended by itself, exit code ${move.exit.exitCode}.`),
        );
        await store.crashed(workspace.id, owner, { failure, attempts: move.attempts, retryAt });
        return retryAt ?? undefined;
      }
      case "mark-running":
        await store.setStatus(workspace.id, owner, "running");
        return "continue";
      case "await-agent":
        if (workspace.status === "running") await store.setStatus(workspace.id, owner, "starting");
        return new Date(clock().getTime() + agentGraceMs);
    }
  }

  /** Gives whether there may be more to do for the workspace. */
  async #runBuild(workspace: Workspace, lease: Lease, signal: AbortSignal): Promise<boolean> {
    const build = workspace.latestBuild;
    if (!build) return false;
    const { store, owner } = this.#deps;
    if (!(await store.beginBuild(workspace.id, owner, build.id, statusWhile(build)))) return true;
    const recorder = await this.#deps.openRecorder(build.id);
    const stop = new AbortController();
    this.#running.set(workspace.id, { buildId: build.id, stop });
    // Whatever changed before this build could be reached is caught here.
    await this.noticeChange(workspace.id);
    try {
      await this.#deps.runner.run({
        workspace,
        build,
        recorder,
        signal: AbortSignal.any([signal, stop.signal]),
        pinDigest: async (digest) => {
          const isOurs = await store.pinDigest(workspace.id, owner, build.id, digest);
          if (!isOurs) throw new BuildStopped("superseded");
        },
      });
      return await this.#succeed(workspace, build, recorder);
    } catch (error) {
      return await this.#fail(
        { workspace, build, recorder, lease, signal },
        stop.signal.aborted ? stop.signal.reason : error,
      );
    } finally {
      this.#running.delete(workspace.id);
      await recorder.flush();
    }
  }

  async #succeed(workspace: Workspace, build: Build, recorder: Recorder): Promise<boolean> {
    const { store, owner } = this.#deps;
    recorder.endOpen("succeeded");
    if (build.kind === "delete") {
      await store.deleteWorkspace(workspace.id, owner);
      return false;
    }
    await recorder.flush();
    const attempts = build.initiatorId === null && bringsUp(build.kind) ? workspace.attempts : 0;
    const status = bringsUp(build.kind) ? "running" : "stopped";
    const outcome: BuildOutcome = { buildStatus: "succeeded", failure: null, status, retryAt: null, attempts };
    await store.finishBuild(workspace.id, owner, build.id, outcome);
    return true;
  }

  async #fail(
    run: { workspace: Workspace; build: Build; recorder: Recorder; lease: Lease; signal: AbortSignal },
    error: unknown,
  ): Promise<boolean> {
    const { workspace, build, recorder, signal } = run;
    const { store, owner, runner, log } = this.#deps;
    // The process ends or the lease is gone: whoever comes next takes the build up where it is.
    if (signal.aborted) return false;
    if (error instanceof BuildStopped && error.why === "superseded") {
      recorder.endOpen("canceled", "A newer request replaced this one");
      await recorder.flush();
      return true;
    }
    const isCanceled = error instanceof BuildStopped;
    const failure = failureOf(isCanceled ? new BerthError("BUILD_CANCELED", "The build was canceled.") : error);
    if (failure.code === "INTERNAL") log.error({ err: error, workspaceId: workspace.id }, "a build failed");
    else log.info({ workspaceId: workspace.id, code: failure.code, err: error }, "a build failed");
    recorder.endOpen(isCanceled ? "canceled" : "failed", isCanceled ? undefined : failure.detail);
    if (bringsUp(build.kind)) {
      await runner.free(workspace.id, signal).catch((cause: unknown) => {
        log.warn({ err: cause, workspaceId: workspace.id }, "what a failed build left could not be freed yet");
      });
    }
    await recorder.flush();
    await store.finishBuild(workspace.id, owner, build.id, this.#outcome(workspace, isCanceled, failure));
    return true;
  }

  #outcome(workspace: Workspace, isCanceled: boolean, failure: BuildOutcome["failure"] & object): BuildOutcome {
    if (isCanceled) return { buildStatus: "canceled", failure, status: "stopped", retryAt: null, attempts: 0 };
    const attempts = workspace.attempts + 1;
    const delayMs = retryDelayMs(attempts, failure.code, workspace.desired);
    const retryAt = delayMs === null ? null : new Date(this.#deps.clock().getTime() + delayMs);
    return { buildStatus: "failed", failure, status: "failed", retryAt, attempts };
  }
}
