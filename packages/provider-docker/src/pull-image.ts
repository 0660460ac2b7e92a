import type { PullCredential } from "@berth/provider";
import { CallerError } from "./caller-error.ts";
import { classifyPullError, isExpiredCredential } from "./classify-pull-error.ts";
import type { Clock } from "./context.ts";
import type { EngineClient } from "./engine-client.ts";
import { EngineError } from "./engine-error.ts";
import { failure } from "./failures.ts";
import { createPullProgress, type LayersEvent } from "./pull-progress.ts";

/** A registry that sends nothing for so long has stalled. The engine reports several times a second while bytes flow. */
const silenceLimitMs = 5 * 60_000;

export type PullRequest = { repository: string; digest: string; credential: () => Promise<PullCredential | undefined> };

type Deps = { engine: EngineClient; clock: Clock; logger: { warn(fields: object, message: string): void } | undefined };

/** Pulls by digest; asks for a fresh credential once when the registry calls the first one expired. */
export async function pullImage(
  deps: Deps,
  request: PullRequest,
  signal: AbortSignal,
  report: (event: LayersEvent) => void,
): Promise<void> {
  const words = await tryPull(deps, request, signal, report);
  if (words === undefined) return;
  const again = isExpiredCredential(words) ? await tryPull(deps, request, signal, report) : words;
  if (again === undefined) return;
  deps.logger?.warn({ repository: request.repository, digest: request.digest, engine: again }, "a pull failed");
  throw failure(classifyPullError(again) ?? "ENGINE_FAILED", { cause: new EngineError(again) });
}

/** Answers the engine's words about a pull that failed, `undefined` for one that did not. */
async function tryPull(
  { engine, clock }: Deps,
  { repository, digest, credential }: PullRequest,
  signal: AbortSignal,
  report: (event: LayersEvent) => void,
): Promise<string | undefined> {
  const granted = await credential().catch((error) => {
    throw new CallerError(error);
  });
  const login = granted && {
    username: granted.username,
    password: granted.password,
    serveraddress: repository.split("/", 1)[0] ?? "",
  };
  const silence = silenceWatch(silenceLimitMs);
  const progress = createPullProgress(() => clock.now(), report);
  try {
    const events = await engine.pullImage(repository, digest, login, AbortSignal.any([signal, silence.signal]));
    for await (const event of events) {
      silence.reset();
      if (event.error !== undefined) return event.error;
      progress.add(event);
    }
    progress.flush();
    return undefined;
  } catch (error) {
    if (silence.signal.aborted && !signal.aborted) throw failure("REGISTRY_UNREACHABLE", { cause: error });
    if (error instanceof EngineError && error.status !== undefined) return error.message;
    throw error;
  } finally {
    silence.stop();
  }
}

function silenceWatch(limitMs: number) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limitMs);
  return { signal: controller.signal, reset: () => timer.refresh(), stop: () => clearTimeout(timer) };
}
