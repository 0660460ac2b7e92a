import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { ndjsonStream } from "./ndjson.ts";

const Item = z.object({ n: z.number() });

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}

test("sends one value a line, and nothing that the schema does not name", async () => {
  const source = (async function* () {
    yield { n: 1, secret: "c4n4ry" };
    yield { n: 2 };
  })();
  expect(await textOf(await ndjsonStream(source, Item))).toBe('{"n":1}\n{"n":2}\n');
});

test("a failure before the first value can still become an answer", async () => {
  const source: AsyncIterable<unknown> = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("not yours")) }),
  };
  await expect(ndjsonStream(source, Item)).rejects.toThrow("not yours");
});

test("a later failure ends the stream as failed, not as complete", async () => {
  const source = (async function* () {
    yield { n: 1 };
    throw new Error("gone");
  })();
  await expect(textOf(await ndjsonStream(source, Item))).rejects.toThrow("gone");
});

test("a silent source gets its headers out after a moment", async () => {
  const source = (async function* () {
    await delay(1_300);
    yield { n: 1 };
  })();
  const started = performance.now();
  const stream = await ndjsonStream(source, Item);
  expect(performance.now() - started).toBeLessThan(1_250);
  expect(await textOf(stream)).toContain('{"n":1}\n');
});

test("reads no faster than it is read, and stops the source when its reader goes", async () => {
  let made = 0;
  let isReturned = false;
  const source = (async function* () {
    try {
      for (;;) {
        made += 1;
        yield { n: made };
      }
    } finally {
      isReturned = true;
    }
  })();
  const stream = await ndjsonStream(source, Item);
  stream.read();
  await delay(50);
  const madeUnread = made;
  await delay(50);
  expect(made).toBe(madeUnread);
  expect(made).toBeLessThan(20_000);
  stream.destroy();
  await expect.poll(() => isReturned).toBe(true);
});
