import { expect, it } from "vitest";
import { createSlots } from "./slots.ts";

const never = () => new AbortController().signal;

it("runs no more than its limit at a time, in order, and everything in the end", async () => {
  const inSlot = createSlots(3);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const work = (index: number) => async () => {
    running += 1;
    most = Math.max(most, running);
    order.push(index);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  await Promise.all(Array.from({ length: 20 }, (_, index) => inSlot(never(), work(index))));
  expect(most).toBe(3);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});

it("loses no slot to those who fail or give up waiting", async () => {
  const inSlot = createSlots(1);
  await expect(inSlot(never(), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const gate = Promise.withResolvers<void>();
  const first = inSlot(never(), () => gate.promise);
  const leaving = new AbortController();
  const second = inSlot(leaving.signal, async () => {});
  leaving.abort();
  await expect(second).rejects.toMatchObject({ name: "AbortError" });
  gate.resolve();
  await first;
  expect(await inSlot(never(), async () => "free")).toBe("free");
});
