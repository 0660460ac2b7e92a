import { RegistryError } from "@berth/oci";
import { describe, expect, test } from "vitest";
import { CredentialFingerprints } from "./credential-fingerprint.ts";
import { type LeaseStore, MemoryLeaseStore } from "./lease-store.ts";
import { TokenBroker, type TokenBrokerOptions, type TokenRequest } from "./token-broker.ts";
import type { RegistryToken } from "./token-state.ts";

const hour = 3_600_000;
const life = 12 * hour;

/** An upstream that counts its calls, answers when told, and can fail; with a clock to move. */
function makeWorld(options: TokenBrokerOptions = {}) {
  const world = {
    now: 1_000_000_000_000,
    calls: 0,
    concurrent: 0,
    maxConcurrent: 0,
    lifeMs: life,
    failure: undefined as RegistryError | undefined,
    gate: Promise.resolve() as Promise<unknown>,
  };
  const newBroker = () => new TokenBroker({ clock: { now: () => world.now }, random: () => 0.5, ...options });
  const broker = newBroker();
  const fetch = async (): Promise<RegistryToken> => {
    world.calls++;
    world.maxConcurrent = Math.max(world.maxConcurrent, ++world.concurrent);
    const password = `token-${world.calls}`;
    await world.gate;
    world.concurrent--;
    if (world.failure) throw world.failure;
    return { password, issuedAtMs: world.now, expiresAtMs: world.now + world.lifeMs };
  };
  const ask = (request: Partial<TokenRequest> = {}, of = broker) =>
    of.get({ key: "k", fetch, minRemainingMs: hour, ...request });
  return { world, broker, newBroker, ask, fetch };
}

/** The store's methods on an object of its own, so that a test can replace some. */
const bound = (store: MemoryLeaseStore): LeaseStore => ({
  read: (key) => store.read(key),
  acquire: (key, holder, ttlMs) => store.acquire(key, holder, ttlMs),
  publish: (key, holder, token) => store.publish(key, holder, token),
  release: (key, holder) => store.release(key, holder),
  settled: (key, timeoutMs, signal) => store.settled(key, timeoutMs, signal),
  remove: (key) => store.remove(key),
});

const settle = () => new Promise((resolve) => setImmediate(resolve));
const denial = new RegistryError("AWS_KEY_UNKNOWN");
const outage = new RegistryError("AWS_OUTAGE");

describe("TokenBroker", () => {
  test("10 000 askers at once make one call", async () => {
    const { world, ask } = makeWorld();
    const tokens = await Promise.all(Array.from({ length: 10_000 }, () => ask()));
    expect(world.calls).toBe(1);
    expect(new Set(tokens.map(({ password }) => password))).toEqual(new Set(["token-1"]));
  });

  test("a warm hand-out takes microseconds", async () => {
    const { world, ask } = makeWorld();
    const fingerprints = new CredentialFingerprints();
    const credentials = { kind: "static-keys", accessKeyId: "AKIA", secretAccessKey: "s" } as const;
    await ask({ key: fingerprints.of(credentials) });
    const rounds = 20_000;
    const started = performance.now();
    for (let i = 0; i < rounds; i++) await ask({ key: fingerprints.of({ ...credentials }) });
    const perCallMs = (performance.now() - started) / rounds;
    expect(world.calls).toBe(1);
    expect(perCallMs).toBeLessThan(0.1);
  });

  test("renews in the background from half of the life on, and hands out the old one meanwhile", async () => {
    const { world, ask } = makeWorld();
    await ask();
    world.now += life / 2 - 1;
    await ask();
    expect(world.calls).toBe(1);
    world.now += 2;
    expect((await ask()).password).toBe("token-1");
    await settle();
    expect((await ask()).password).toBe("token-2");
    expect(world.calls).toBe(2);
  });

  test("jitter spreads renewals around half of the life", async () => {
    for (const [random, at] of [
      [0, 0.45],
      [0.999, 0.55],
    ] as const) {
      const { world, ask } = makeWorld({ random: () => random });
      await ask();
      world.now += life * (at - 0.01);
      await ask();
      expect(world.calls).toBe(1);
      world.now += life * 0.02;
      await ask();
      expect(world.calls).toBe(2);
    }
  });

  test("waits for a new token when the old one would not last long enough for this use", async () => {
    const { world, ask } = makeWorld();
    await ask();
    world.now += life - 2 * hour;
    expect((await ask({ minRemainingMs: 3 * hour })).password).toBe("token-2");
  });

  test("says so, after one call, when no token lives as long as is asked", async () => {
    const { world, ask } = makeWorld();
    world.lifeMs = 10 * 60_000;
    await expect(ask()).rejects.toMatchObject({ code: "ECR_TOKEN_TOO_SHORT" });
    await expect(ask()).rejects.toMatchObject({ code: "ECR_TOKEN_TOO_SHORT" });
    expect(world.calls).toBe(1);
  });

  test("an outage leaves the good token in use, and is not hammered", async () => {
    const { world, ask } = makeWorld();
    await ask();
    world.failure = outage;
    world.now += life / 2 + hour;
    for (let i = 0; i < 100; i++) {
      expect((await ask()).password).toBe("token-1");
      await settle();
    }
    expect(world.calls).toBe(2);
    world.now += 60_000;
    world.failure = undefined;
    await ask();
    await settle();
    expect((await ask()).password).toBe("token-3");
  });

  test("an outage is told once the token would not last", async () => {
    const { world, ask } = makeWorld();
    await ask();
    world.failure = outage;
    world.now += life - hour / 2;
    await expect(ask()).rejects.toBe(outage);
    expect((await ask({ minRemainingMs: 0 })).password).toBe("token-1");
  });

  test("after a denial nothing is handed out, however good the old token", async () => {
    const { world, ask } = makeWorld();
    await ask();
    world.now += life / 2 + 1;
    world.failure = denial;
    await ask();
    await settle();
    await expect(ask({ minRemainingMs: 0 })).rejects.toBe(denial);
  });

  test("a denial answers for seconds without a call, longer each time, until it is tried again", async () => {
    const { world, broker, ask } = makeWorld();
    world.failure = denial;
    await expect(ask()).rejects.toBe(denial);
    await expect(ask()).rejects.toBe(denial);
    expect(world.calls).toBe(1);
    world.now += 5_000;
    await expect(ask()).rejects.toBe(denial);
    world.now += 5_000;
    await expect(ask()).rejects.toBe(denial);
    expect(world.calls).toBe(2);
    world.failure = undefined;
    broker.retryNow("k");
    expect((await ask()).password).toBe("token-3");
  });

  test("a waiter who gives up gets its own reason, and the others the token", async () => {
    const { world, ask } = makeWorld();
    const gate = Promise.withResolvers<void>();
    world.gate = gate.promise;
    const controller = new AbortController();
    const impatient = ask({ signal: controller.signal });
    const patient = ask();
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    gate.resolve();
    expect((await patient).password).toBe("token-1");
    expect(world.calls).toBe(1);
  });

  test("an aborted signal asks nobody", async () => {
    const { world, ask } = makeWorld();
    await expect(ask({ signal: AbortSignal.abort() })).rejects.toThrow();
    expect(world.calls).toBe(0);
  });

  test("forget drops the token, also that of a fetch under way", async () => {
    const { world, broker, ask } = makeWorld();
    await ask();
    await broker.forget("k");
    expect((await ask()).password).toBe("token-2");
    const gate = Promise.withResolvers<void>();
    await broker.forget("k");
    world.gate = gate.promise;
    const begun = ask();
    await broker.forget("k");
    world.gate = Promise.resolve();
    expect((await ask()).password).toBe("token-4");
    gate.resolve();
    await begun;
    expect((await ask()).password).toBe("token-4");
  });

  test("a fetch that hangs is given up", async () => {
    const { broker } = makeWorld({ fetchTimeoutMs: 20 });
    const hang = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await expect(broker.get({ key: "k", fetch: hang, minRemainingMs: 0 })).rejects.toMatchObject({
      code: "NET_TIMEOUT",
    });
  });

  test("a clock that was set back a day does not make a token immortal", async () => {
    const { world, ask } = makeWorld();
    await ask();
    world.now -= 24 * hour;
    expect((await ask()).password).toBe("token-2");
  });

  test("keys are apart", async () => {
    const { ask } = makeWorld();
    expect((await ask({ key: "a" })).password).not.toBe((await ask({ key: "b" })).password);
  });
});

describe("TokenBrokers that share a lease store", () => {
  test("make one call together", async () => {
    const lease = new MemoryLeaseStore();
    const { world, newBroker, ask } = makeWorld({ lease });
    const gate = Promise.withResolvers<void>();
    world.gate = gate.promise;
    const brokers = Array.from({ length: 5 }, newBroker);
    const asked = brokers.flatMap((broker) => [ask({}, broker), ask({}, broker)]);
    await settle();
    gate.resolve();
    const tokens = await Promise.all(asked);
    expect(world.calls).toBe(1);
    expect(new Set(tokens.map(({ password }) => password)).size).toBe(1);
  });

  test("take a token that was published between looking and taking the lease", async () => {
    const lease = new MemoryLeaseStore();
    const { world, ask } = makeWorld({ lease });
    const late = bound(lease);
    late.read = async (key) => {
      const seen = await lease.read(key);
      late.read = (again) => lease.read(again);
      await ask();
      return seen;
    };
    const lateBroker = new TokenBroker({ clock: { now: () => world.now }, lease: late });
    expect((await ask({}, lateBroker)).password).toBe("token-1");
    expect(world.calls).toBe(1);
    expect(await lease.acquire("k", "anybody", 1_000)).toBe(true);
  });

  test("do without a store that is broken", async () => {
    const broken = () => Promise.reject(new Error("database is down"));
    const lease = { read: broken, acquire: broken, publish: broken, release: broken, settled: broken, remove: broken };
    const { ask } = makeWorld({ lease });
    expect((await ask()).password).toBe("token-1");
  });

  test("do not take over a token that is past the middle of its life", async () => {
    const lease = new MemoryLeaseStore();
    const { world, newBroker, ask } = makeWorld({ lease });
    await ask();
    world.now += life * 0.6;
    expect((await ask({}, newBroker())).password).toBe("token-2");
  });

  test("a denial frees the lease for the next", async () => {
    const lease = new MemoryLeaseStore();
    const { world, newBroker, ask } = makeWorld({ lease });
    world.failure = denial;
    await expect(ask()).rejects.toBe(denial);
    world.failure = undefined;
    expect((await ask({}, newBroker())).password).toBe("token-2");
  });

  test("forget reaches the store, so that no other replica picks the token up", async () => {
    const lease = new MemoryLeaseStore();
    const { broker, newBroker, ask } = makeWorld({ lease });
    await ask();
    await broker.forget("k");
    expect((await ask({}, newBroker())).password).toBe("token-2");
  });
});

describe("CredentialFingerprints", () => {
  const keys = { kind: "static-keys", accessKeyId: "AKIA", secretAccessKey: "secret" } as const;

  test("name the same keys the same, and an edited secret or session anew", () => {
    const fingerprints = new CredentialFingerprints();
    const first = fingerprints.of(keys);
    expect(fingerprints.of({ ...keys })).toBe(first);
    expect(new CredentialFingerprints().of(keys)).toBe(first);
    expect(fingerprints.of({ ...keys, secretAccessKey: "edited" })).not.toBe(first);
    expect(fingerprints.of({ ...keys, sessionToken: "s" })).not.toBe(first);
    expect(first).not.toContain("secret");
  });
});
