import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks again and again until the answer is neither undefined, null nor false, and answers it. An exception counts as
 * "not yet". Throws with `what` and the last exception when the time is over.
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T> | T,
  { timeoutMs = 10_000, intervalMs = 20 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await ask();
      cause = undefined;
      if (answer !== undefined && answer !== null && answer !== false) {
        return answer as Exclude<T, undefined | null | false>;
      }
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}.`, { cause });
    await sleep(intervalMs);
  }
}
