import {
  type ProgressEvent,
  ProviderError,
  type PullCredential,
  providerSteps,
  type WorkspaceProvider,
} from "@berth/provider";
import { BerthError } from "../domain/berth-error.ts";
import { workspaceSpec } from "../domain/workspaces/spec.ts";
import { type Build, bringsUp, type Workspace } from "../domain/workspaces/workspace.ts";
import type { Agents, Images, Log, Recorder, Started } from "./ports.ts";

export type BuildRunnerDeps = {
  provider: WorkspaceProvider;
  images: Images;
  agents: Agents;
  accessUrl: string;
  /** How long an agent may take to connect once its container runs. */
  connectTimeoutMs: number;
  log: Log;
};

export type BuildRun = {
  workspace: Workspace;
  build: Build;
  recorder: Recorder;
  /** Remembers what the build runs, before anything is made from it. */
  pinDigest(digest: string): Promise<void>;
  signal: AbortSignal;
};

/** After this a look beside a start is of no use to anybody. */
const besideMs = 15_000;

/** Carries out one build on the runtime. Every step may be repeated, so a build that was cut off is simply run again. */
export class BuildRunner {
  readonly #deps: BuildRunnerDeps;

  constructor(deps: BuildRunnerDeps) {
    this.#deps = deps;
  }

  async run(run: BuildRun): Promise<void> {
    if (bringsUp(run.build.kind)) await this.#bringUp(run);
    else if (run.build.kind === "stop") await this.#stop(run);
    else await this.#remove(run);
  }

  /** Frees what a canceled or failed build left running. */
  async free(workspaceId: string, signal: AbortSignal): Promise<void> {
    this.#deps.agents.disconnect(workspaceId);
    await this.#deps.provider.stop(workspaceId, signal);
  }

  async #bringUp(run: BuildRun): Promise<void> {
    const { workspace, signal } = run;
    const { revision } = workspace;
    if (revision === null) throw new Error("a workspace that is to start has a revision");
    const digest = await this.#digest(run);
    const { agents, images, provider, accessUrl } = this.#deps;
    const [image, agent] = await Promise.all([
      images.pullSource(workspace.image.id, workspace.imageTag, digest),
      agents.link({ workspaceId: workspace.id, revision }),
    ]);
    await provider.apply(workspaceSpec({ ...workspace, revision }, { image, agent, accessUrl }), {
      signal,
      report: (event) => report(run.recorder, event),
      pullCredential: this.#freshOnRepeat(workspace.image.id, signal),
    });
    await this.#connect({ ...run, workspace: { ...workspace, revision } });
  }

  /** A provider asks again when a registry refused the login it was given; the same one would be refused again. */
  #freshOnRepeat(imageId: string, signal: AbortSignal): () => Promise<PullCredential | undefined> {
    const { images } = this.#deps;
    let isRepeated = false;
    return async () => {
      if (isRepeated) await images.purge(imageId);
      isRepeated = true;
      return await images.pullCredential(imageId, signal);
    };
  }

  /** A pinned digest is kept by start and restart; create and rebuild ask the registry, once a build. */
  async #digest({ workspace, build, recorder, pinDigest, signal }: BuildRun): Promise<string> {
    const isNew = build.kind === "create" || build.kind === "rebuild";
    if (!isNew && workspace.digest !== null) {
      // Not for what Berth brings back by itself: a restarted engine would send all workspaces to the registry at once.
      if (build.initiatorId !== null) this.#compareBeside(workspace, workspace.digest, recorder, signal);
      return workspace.digest;
    }
    if (build.digest !== null) return build.digest;
    recorder.start("resolve", `Resolving the tag ${workspace.imageTag}`);
    const { digest } = await this.#deps.images.resolveTag(workspace.image.id, workspace.imageTag, signal);
    await pinDigest(digest);
    recorder.finish("resolve", digest);
    return digest;
  }

  /** Tells whether the tag has moved on, without anybody waiting for the registry. */
  #compareBeside(workspace: Workspace, digest: string, recorder: Recorder, signal: AbortSignal): void {
    const { image, imageTag } = workspace;
    this.#deps.images.resolveTag(image.id, imageTag, AbortSignal.any([signal, AbortSignal.timeout(besideMs)])).then(
      (now) => {
        if (now.digest === digest) return;
        recorder.log("image", "info", `The tag ${imageTag} points at ${now.digest} now; rebuild to run that.`);
      },
      (error: unknown) => {
        this.#deps.log.info({ err: error, workspaceId: workspace.id }, "whether a tag has moved could not be asked");
      },
    );
  }

  async #connect(run: BuildRun & { workspace: Started }): Promise<void> {
    const { workspace, recorder } = run;
    const { agents, connectTimeoutMs } = this.#deps;
    recorder.start("connect", "Waiting for the agent");
    const settled = new AbortController();
    const signal = AbortSignal.any([run.signal, settled.signal]);
    try {
      const timeout = AbortSignal.timeout(connectTimeoutMs);
      await Promise.race([
        agents.waitFor(workspace.id, workspace.revision, AbortSignal.any([signal, timeout])),
        this.#watchForExit(workspace, signal),
      ]);
    } catch (error) {
      run.signal.throwIfAborted();
      if (error instanceof BerthError || error instanceof ProviderError) {
        await this.#tellLastLines(run);
        throw error;
      }
      await this.#tellLastLines(run);
      const seconds = Math.round(connectTimeoutMs / 1000);
      throw new BerthError("AGENT_NOT_CONNECTED", `The container runs, but its agent did not connect in ${seconds} s.`);
    } finally {
      settled.abort();
    }
    recorder.finish("connect");
  }

  /** Rejects when the container ends before its agent has connected. Never resolves. */
  async #watchForExit(workspace: Started, signal: AbortSignal): Promise<never> {
    for (let delayMs = 250; ; delayMs = Math.min(delayMs * 2, 2000)) {
      await sleep(delayMs, signal);
      const seen = await this.#deps.provider.observe(workspace.id, signal);
      if (seen.state === "absent") throw new BerthError("WORKSPACE_EXITED", "The container vanished while it started.");
      if (seen.state !== "exited") continue;
      if (seen.outOfMemory) {
        throw new BerthError("OUT_OF_MEMORY", `The workspace needed more than its ${workspace.memoryGb} GB of memory.`);
      }
      throw new BerthError("WORKSPACE_EXITED", `The container ended by itself with exit code ${seen.exitCode}.`);
    }
  }

  async #tellLastLines({ workspace, recorder }: BuildRun): Promise<void> {
    try {
      const lines = await this.#deps.provider.tailLogs(workspace.id, 20, AbortSignal.timeout(3000));
      for (const line of lines) recorder.log("connect", "error", line);
    } catch (error) {
      this.#deps.log.warn({ err: error, workspaceId: workspace.id }, "no last lines to be had");
    }
  }

  async #stop({ workspace, recorder, signal }: BuildRun): Promise<void> {
    recorder.start("stop", "Stopping the container");
    await this.free(workspace.id, signal);
    recorder.finish("stop", "Home is kept");
  }

  async #remove({ workspace, recorder, signal }: BuildRun): Promise<void> {
    recorder.start("remove", "Removing the container and its home");
    this.#deps.agents.disconnect(workspace.id);
    await this.#deps.provider.remove(workspace.id, signal);
    await this.#deps.agents.forget(workspace.id);
    recorder.finish("remove");
  }
}

function report(recorder: Recorder, event: ProgressEvent): void {
  if (event.type === "step-started") recorder.start(event.step, providerSteps[event.step]);
  else if (event.type === "step-finished") recorder.finish(event.step, event.detail);
  else if (event.type === "log") recorder.log(event.step, event.level, event.message);
  else recorder.layers({ currentBytes: event.currentBytes, totalBytes: event.totalBytes, layers: event.layers });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
