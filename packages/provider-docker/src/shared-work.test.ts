import { expect, it } from "vitest";
import { shareWork } from "./shared-work.ts";
import { takeTurns } from "./turns.ts";

const never = () => new AbortController().signal;

it("does work once for all who ask for it at the same time, and again later", async () => {
  const work = shareWork<number>();
  let runs = 0;
  const ask = () => work.run("key", never(), async () => (runs += 1));
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  expect(await ask()).toBe(2);
});

it("goes on while anybody waits, and is aborted when the last one leaves", async () => {
  const work = shareWork<void>();
  const [one, two] = [new AbortController(), new AbortController()];
  let shared: AbortSignal | undefined;
  const begin = (signal: AbortSignal) => {
    shared = signal;
    return new Promise<void>(() => {});
  };
  const first = work.run("key", one.signal, begin);
  const second = work.run("key", two.signal, begin);
  one.abort();
  await expect(first).rejects.toMatchObject({ name: "AbortError" });
  expect(shared?.aborted).toBe(false);
  two.abort();
  await expect(second).rejects.toMatchObject({ name: "AbortError" });
  expect(shared?.aborted).toBe(true);
  expect(await work.run("key", never(), async () => {})).toBeUndefined();
});

it("tells those who join late what has been reached", async () => {
  const work = shareWork<void, number>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = work.run("key", never(), async (_, publish) => {
    publish(1);
    await promise;
    publish(2);
  });
  const seen: number[] = [];
  const second = work.run(
    "key",
    never(),
    async () => {},
    (progress) => seen.push(progress),
  );
  resolve();
  await Promise.all([first, second]);
  expect(seen).toEqual([1, 2]);
});

it("gives turns in order of asking, passing over those who gave up", async () => {
  const inTurn = takeTurns();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const first = inTurn("w", never(), async () => {
    await gate.promise;
    order.push("first");
  });
  const second = inTurn("w", leaving.signal, async () => void order.push("second"));
  const third = inTurn("w", never(), async () => void order.push("third"));
  await inTurn("other", never(), async () => void order.push("other"));
  leaving.abort();
  await expect(second).rejects.toMatchObject({ name: "AbortError" });
  gate.resolve();
  await Promise.all([first, third]);
  expect(order).toEqual(["other", "first", "third"]);
});

it("gives the next turn after a failure", async () => {
  const inTurn = takeTurns();
  await expect(inTurn("w", never(), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await inTurn("w", never(), async () => "yes")).toBe("yes");
});
