type Entry<T, P> = {
  result: Promise<T>;
  controller: AbortController;
  listeners: Set<(progress: P) => void>;
  latest: P | undefined;
  askers: number;
};

export type SharedWork<T, P> = {
  /**
   * Joins the work under way for `key`, or begins it. Late joiners are told the latest progress at once. The work is
   * aborted when its last asker has gone; an asker's own signal rejects only its own promise.
   */
  run(
    key: string,
    signal: AbortSignal,
    begin: (signal: AbortSignal, publish: (progress: P) => void) => Promise<T>,
    onProgress?: (progress: P) => void,
  ): Promise<T>;
};

/** Lets several askers share one piece of work, each free to leave. */
export function shareWork<T, P = never>(): SharedWork<T, P> {
  const entries = new Map<string, Entry<T, P>>();

  const open = (
    key: string,
    begin: (signal: AbortSignal, publish: (progress: P) => void) => Promise<T>,
  ): Entry<T, P> => {
    const controller = new AbortController();
    const listeners = new Set<(progress: P) => void>();
    const publish = (progress: P) => {
      entry.latest = progress;
      for (const listener of listeners) listener(progress);
    };
    const entry: Entry<T, P> = {
      // Not at once, since the work may publish before this entry exists.
      result: Promise.resolve().then(() => begin(controller.signal, publish)),
      controller,
      listeners,
      latest: undefined,
      askers: 0,
    };
    const forget = () => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    entry.result.then(forget, forget);
    entries.set(key, entry);
    return entry;
  };

  return {
    async run(key, signal, begin, onProgress) {
      signal.throwIfAborted();
      const running = entries.get(key);
      const entry = running && !running.controller.signal.aborted ? running : open(key, begin);
      entry.askers += 1;
      if (onProgress) {
        entry.listeners.add(onProgress);
        if (entry.latest !== undefined) onProgress(entry.latest);
      }
      try {
        return await raceAbort(entry.result, signal);
      } finally {
        if (onProgress) entry.listeners.delete(onProgress);
        entry.askers -= 1;
        if (entry.askers === 0) entry.controller.abort();
      }
    },
  };
}

/** Settles as `work` does, or rejects as soon as `signal` aborts; the work goes on. */
export async function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    throw abortError(signal);
  }
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(abortError(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function abortError(signal: AbortSignal): Error {
  return new DOMException("canceled", { name: "AbortError", cause: signal.reason } as never);
}
