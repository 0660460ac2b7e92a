import { describe, expect, it } from "vitest";
import { ListingCache } from "./listing-cache.ts";

const signal = new AbortController().signal;

function setUp(maxWeight = 10) {
  const clock = { now: 0 };
  const cache = new ListingCache<string[]>({
    freshMs: 10,
    staleMs: 100,
    maxWeight,
    weigh: (value) => value.length,
    now: () => clock.now,
  });
  let calls = 0;
  const load = async () => [`load ${++calls}`];
  return { clock, cache, load, calls: () => calls };
}

describe("ListingCache", () => {
  it("loads once for everyone who asks at the same time", async () => {
    const { cache, load, calls } = setUp();
    await Promise.all(Array.from({ length: 50 }, () => cache.get("a", load, signal)));
    expect(calls()).toBe(1);
  });

  it("hands out what is stale at once and the renewed listing next time", async () => {
    const { cache, load, clock } = setUp();
    await cache.get("a", load, signal);
    clock.now = 50;
    expect(await cache.get("a", load, signal)).toEqual(["load 1"]);
    expect(await cache.get("a", load, signal)).toEqual(["load 2"]);
  });

  it("waits for a new listing when the old one is too old", async () => {
    const { cache, load, clock } = setUp();
    await cache.get("a", load, signal);
    clock.now = 100;
    expect(await cache.get("a", load, signal)).toEqual(["load 2"]);
  });

  it("drops a stale listing whose renewal is refused", async () => {
    const { cache, load, clock } = setUp();
    await cache.get("a", load, signal);
    clock.now = 50;
    const refused = () => Promise.reject(new Error("denied"));
    expect(await cache.get("a", refused, signal)).toEqual(["load 1"]);
    await new Promise(setImmediate);
    await expect(cache.get("a", refused, signal)).rejects.toThrow("denied");
  });

  it("does not keep what failed", async () => {
    const { cache, load } = setUp();
    await expect(cache.get("a", () => Promise.reject(new Error("down")), signal)).rejects.toThrow("down");
    expect(await cache.get("a", load, signal)).toEqual(["load 1"]);
  });

  it("keeps the sum of weights below its bound, dropping the least recently used", async () => {
    const { cache, load, calls } = setUp(2);
    await cache.get("a", load, signal);
    await cache.get("b", load, signal);
    await cache.get("a", load, signal);
    await cache.get("c", load, signal);
    expect(calls()).toBe(3);
    await cache.get("a", load, signal);
    expect(calls()).toBe(3);
    await cache.get("b", load, signal);
    expect(calls()).toBe(4);
  });

  it("hands out a listing above the bound without keeping it", async () => {
    const { cache } = setUp(2);
    let calls = 0;
    const load = async () => [String(++calls), "x", "y"];
    await cache.get("a", load, signal);
    expect((await cache.get("a", load, signal))[0]).toBe("2");
  });

  it("forgets by prefix, and does not keep a load that was under way", async () => {
    const { cache, load } = setUp();
    let finish: (value: string[]) => void = () => {};
    const slow = cache.get("registry/1", () => new Promise((resolve) => (finish = resolve)), signal);
    cache.purge("registry/");
    finish(["before the purge"]);
    expect(await slow).toEqual(["before the purge"]);
    expect(await cache.get("registry/1", load, signal)).toEqual(["load 1"]);
  });

  it("ends one caller's wait without ending the others'", async () => {
    const { cache } = setUp();
    const leaving = new AbortController();
    let finish: (value: string[]) => void = () => {};
    const load = () => new Promise<string[]>((resolve) => (finish = resolve));
    const first = cache.get("a", load, leaving.signal);
    const second = cache.get("a", load, signal);
    leaving.abort();
    await expect(first).rejects.toThrow();
    finish(["done"]);
    expect(await second).toEqual(["done"]);
  });
});
