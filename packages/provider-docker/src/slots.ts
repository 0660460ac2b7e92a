import { raceAbort } from "./shared-work.ts";

export type Slots = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** Lets at most `limit` pieces of work run at a time, the others waiting in order of asking. */
export function createSlots(limit: number): Slots {
  let free = limit;
  const waiting = new Set<() => void>();

  const release = () => {
    const [next] = waiting;
    if (!next) {
      free += 1;
      return;
    }
    waiting.delete(next);
    next();
  };
  const acquire = async (signal: AbortSignal) => {
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.add(resolve);
    try {
      await raceAbort(promise, signal);
    } catch (error) {
      // The slot may have been handed over in the moment of giving up.
      if (!waiting.delete(resolve)) release();
      throw error;
    }
  };

  return async (signal, work) => {
    await acquire(signal);
    try {
      return await work();
    } finally {
      release();
    }
  };
}
