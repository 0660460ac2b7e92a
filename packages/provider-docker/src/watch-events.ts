import { setTimeout as sleep } from "node:timers/promises";
import type { Setting } from "./context.ts";
import { kindLabels, labelKeys } from "./labels.ts";

const firstPauseMs = 250;
const longestPauseMs = 10_000;

/** Follows the engine's events until aborted; after a break it goes on from the last event it saw. */
export async function watchEvents(
  { engine, installationId, logger }: Setting,
  onChange: (workspaceId: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = firstPauseMs;
  let seenNano: number | undefined;
  while (!signal.aborted) {
    try {
      for await (const event of await engine.events(kindLabels(installationId, "workspace"), seenNano, signal)) {
        pauseMs = firstPauseMs;
        seenNano = event.timeNano ?? seenNano;
        const workspaceId = event.Actor?.Attributes?.[labelKeys.workspace];
        if (workspaceId !== undefined) onChange(workspaceId);
      }
    } catch (error) {
      if (signal.aborted) return;
      logger?.warn({ err: error, retryInMs: pauseMs }, "lost the engine's events");
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}
