import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LeaseStore, SharedToken } from "../lease-store.ts";

/** Two replicas' views of one store. Where a store has no replicas, both are the same object. */
export type LeaseStorePair = { one: LeaseStore; two: LeaseStore; close?: () => Promise<void> };

const token: SharedToken = {
  password: "p".repeat(6_000),
  issuedAtMs: 1_700_000_000_000,
  expiresAtMs: 1_700_043_200_000,
};

/** What the token broker relies on. Every `LeaseStore` adapter runs this suite. */
export function leaseStoreContract(name: string, open: () => Promise<LeaseStorePair>): void {
  describe(`${name} as a lease store`, () => {
    let pair: LeaseStorePair;
    let key: string;
    let run = 0;
    const never = new AbortController().signal;

    beforeEach(async () => {
      pair = await open();
      key = `contract-${process.pid}-${Date.now()}-${run++}`;
    });
    afterEach(async () => {
      await pair.one.remove(key);
      await pair.close?.();
    });

    test("has no token before one was published", async () => {
      expect(await pair.one.read(key)).toBeUndefined();
    });

    test("gives the lease to one of two, and again to its holder", async () => {
      expect(await pair.one.acquire(key, "a", 10_000)).toBe(true);
      expect(await pair.two.acquire(key, "b", 10_000)).toBe(false);
      expect(await pair.one.acquire(key, "a", 10_000)).toBe(true);
    });

    test("gives the lease to exactly one of many at once", async () => {
      const stores = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? pair.one : pair.two));
      const won = await Promise.all(stores.map((store, i) => store.acquire(key, `holder-${i}`, 10_000)));
      expect(won.filter(Boolean)).toHaveLength(1);
    });

    test("shows a published token to the other replica, whole, and frees the lease", async () => {
      await pair.one.acquire(key, "a", 10_000);
      expect(await pair.one.publish(key, "a", token)).toBe(true);
      expect(await pair.two.read(key)).toEqual(token);
      expect(await pair.two.acquire(key, "b", 10_000)).toBe(true);
    });

    test("a later token replaces an earlier one", async () => {
      for (const password of ["first", "second"]) {
        await pair.one.acquire(key, "a", 10_000);
        await pair.one.publish(key, "a", { ...token, password });
      }
      expect((await pair.two.read(key))?.password).toBe("second");
    });

    test("refuses to publish without the lease, and keeps what it had", async () => {
      expect(await pair.one.publish(key, "a", token)).toBe(false);
      await pair.two.acquire(key, "b", 10_000);
      expect(await pair.one.publish(key, "a", token)).toBe(false);
      expect(await pair.one.read(key)).toBeUndefined();
    });

    test("gives a lease that ran out to the next, and the late holder cannot publish", async () => {
      await pair.one.acquire(key, "a", 1);
      await eventually(() => pair.two.acquire(key, "b", 10_000));
      expect(await pair.one.publish(key, "a", token)).toBe(false);
    });

    test("release frees only one's own lease", async () => {
      await pair.one.acquire(key, "a", 10_000);
      await pair.two.release(key, "b");
      expect(await pair.two.acquire(key, "b", 10_000)).toBe(false);
      await pair.one.release(key, "a");
      expect(await pair.two.acquire(key, "b", 10_000)).toBe(true);
    });

    test("remove deletes the token, and a fetch begun before cannot bring it back", async () => {
      await pair.one.acquire(key, "a", 10_000);
      await pair.two.remove(key);
      expect(await pair.one.publish(key, "a", token)).toBe(false);
      expect(await pair.two.read(key)).toBeUndefined();
    });

    test("settled resolves at once when nobody has the lease", async () => {
      await pair.one.settled(key, 60_000, never);
    });

    test.each(["publish", "release", "remove"] as const)("settled wakes on %s by the other replica", async (how) => {
      await pair.one.acquire(key, "a", 60_000);
      const woken = pair.two.settled(key, 60_000, never);
      if (how === "publish") await pair.one.publish(key, "a", token);
      else if (how === "release") await pair.one.release(key, "a");
      else await pair.one.remove(key);
      await woken;
    });

    test("settled gives up after its timeout", async () => {
      await pair.one.acquire(key, "a", 60_000);
      await pair.two.settled(key, 20, never);
      expect(await pair.two.acquire(key, "b", 10_000)).toBe(false);
    });

    test("settled rejects with the signal's reason", async () => {
      await pair.one.acquire(key, "a", 60_000);
      const controller = new AbortController();
      const waiting = pair.two.settled(key, 60_000, controller.signal);
      const reason = new Error("enough");
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
    });
  });
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return;
    await sleep(10);
  }
  throw new Error("it never happened");
}
