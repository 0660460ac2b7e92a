import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { z } from "zod";

/** How long a stream may be silent before it says so with an empty line: proxies cut silent connections. */
const keepAliveMs = 15_000;
/** How long the answer's status waits for a first value, or the error in its place. */
const firstValueMs = 1_000;

const quiet = Symbol("quiet");

async function orQuiet<T>(promise: Promise<T>, waitMs: number): Promise<T | typeof quiet> {
  const timer = new AbortController();
  const timeout = delay(waitMs, quiet, { signal: timer.signal, ref: false }).catch((): typeof quiet => quiet);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    timer.abort();
  }
}

async function* lines(
  iterator: AsyncIterator<unknown>,
  first: Promise<IteratorResult<unknown>>,
  schema: z.ZodType,
): AsyncGenerator<string> {
  try {
    let next = first;
    for (;;) {
      let result = await orQuiet(next, keepAliveMs);
      for (; result === quiet; result = await orQuiet(next, keepAliveMs)) yield "\n";
      if (result.done) return;
      yield `${JSON.stringify(schema.parse(result.value))}\n`;
      next = iterator.next();
      // Whoever stops reading never looks at it again.
      next.catch(() => undefined);
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * Values as newline-separated JSON, no faster than they are read. Rejects with what the source throws at once, so that
 * it can be answered as a problem; a later failure cuts the connection.
 */
export async function ndjsonStream(source: AsyncIterable<unknown>, schema: z.ZodType): Promise<Readable> {
  const iterator = source[Symbol.asyncIterator]();
  const first = iterator.next();
  await orQuiet(first, firstValueMs);
  return Readable.from(lines(iterator, first, schema), { objectMode: false, highWaterMark: 64 * 1024 });
}
