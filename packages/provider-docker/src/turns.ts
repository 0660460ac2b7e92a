import { raceAbort } from "./shared-work.ts";

/** Runs work on one key at a time, in order of asking. Whoever is cancelled while waiting gives up its turn. */
export function takeTurns() {
  const last = new Map<string, Promise<unknown>>();

  return async function inTurn<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = last.get(key) ?? Promise.resolve();
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const mine = before.then(() => done);
    last.set(key, mine);
    try {
      await raceAbort(before, signal);
      return await work();
    } finally {
      finish();
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
