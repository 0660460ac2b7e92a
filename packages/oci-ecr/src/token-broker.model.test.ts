import { RegistryError } from "@berth/oci";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TokenBroker } from "./token-broker.ts";
import type { RegistryToken } from "./token-state.ts";

const denial = new RegistryError("ECR_NO_TOKEN_PERM");
const outage = new RegistryError("ECR_THROTTLED");
const minute = 60_000;

type Upstream = { kind: "token"; lifeMs: number } | { kind: "denial" } | { kind: "outage" };

/** What the past demands: no later question is answered with an older token. */
type Model = { newestIssuedAtMs: number };

class Real {
  now = 1_000_000_000_000;
  upstream: Upstream = { kind: "token", lifeMs: 12 * 60 * minute };
  calls = 0;
  inFlight = 0;
  lastOutcome: Upstream["kind"] | undefined;
  readonly issued = new Map<string, RegistryToken>();
  readonly broker = new TokenBroker({ clock: { now: () => this.now }, random: () => 0.5 });

  readonly fetch = async (): Promise<RegistryToken> => {
    this.calls++;
    expect(++this.inFlight).toBe(1);
    await null;
    this.inFlight--;
    this.lastOutcome = this.upstream.kind;
    if (this.upstream.kind === "denial") throw denial;
    if (this.upstream.kind === "outage") throw outage;
    const password = `token-${this.calls}`;
    const token = { password, issuedAtMs: this.now, expiresAtMs: this.now + this.upstream.lifeMs };
    this.issued.set(password, token);
    return token;
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Several ask at once, each with a need of its own. */
class Ask implements fc.AsyncCommand<Model, Real> {
  readonly #needsMs: number[];

  constructor(needsMs: number[]) {
    this.#needsMs = needsMs;
  }

  check = () => true;

  async run(model: Model, real: Real): Promise<void> {
    const outcomeBefore = real.lastOutcome;
    const callsBefore = real.calls;
    const answers = await Promise.allSettled(
      this.#needsMs.map((minRemainingMs) => real.broker.get({ key: "k", fetch: real.fetch, minRemainingMs })),
    );
    await settle();
    const calls = real.calls - callsBefore;
    // One flight for all, and at most two more for those whom its token does not serve.
    expect(calls).toBeLessThanOrEqual(3);
    let newest = model.newestIssuedAtMs;
    for (const [i, answer] of answers.entries()) {
      this.#judge(answer, this.#needsMs[i] ?? 0, { model, real, calls, outcomeBefore });
      if (answer.status === "fulfilled") newest = Math.max(newest, answer.value.issuedAtMs);
    }
    model.newestIssuedAtMs = newest;
  }

  #judge(
    answer: PromiseSettledResult<RegistryToken>,
    needMs: number,
    {
      model,
      real,
      calls,
      outcomeBefore,
    }: { model: Model; real: Real; calls: number; outcomeBefore: string | undefined },
  ): void {
    if (answer.status === "rejected") {
      expect([denial.code, outage.code, "ECR_TOKEN_TOO_SHORT"]).toContain((answer.reason as RegistryError).code);
      // Nobody is refused while the upstream would have answered now and was asked.
      if (calls > 0 && real.upstream.kind === "token") {
        expect((answer.reason as RegistryError).code).toBe("ECR_TOKEN_TOO_SHORT");
      }
      return;
    }
    const token = answer.value;
    expect(real.issued.get(token.password)).toBe(token);
    expect(token.expiresAtMs - real.now).toBeGreaterThanOrEqual(needMs);
    // A denial is never masked: once the broker heard one, only a token issued after it is handed out.
    if (outcomeBefore === "denial") expect(calls).toBeGreaterThan(0);
    expect(token.issuedAtMs).toBeGreaterThanOrEqual(model.newestIssuedAtMs);
  }

  toString = () => `ask(${this.#needsMs.map((ms) => `${ms / minute}m`).join(", ")})`;
}

class Wait implements fc.AsyncCommand<Model, Real> {
  readonly #ms: number;
  constructor(ms: number) {
    this.#ms = ms;
  }
  check = () => true;
  async run(_model: Model, real: Real): Promise<void> {
    real.now += this.#ms;
  }
  toString = () => `wait(${this.#ms / minute}m)`;
}

class SetUpstream implements fc.AsyncCommand<Model, Real> {
  readonly #upstream: Upstream;
  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }
  check = () => true;
  async run(_model: Model, real: Real): Promise<void> {
    real.upstream = this.#upstream;
  }
  toString = () => `upstream(${JSON.stringify(this.#upstream)})`;
}

class Forget implements fc.AsyncCommand<Model, Real> {
  check = () => true;
  async run(_model: Model, real: Real): Promise<void> {
    await real.broker.forget("k");
    real.lastOutcome = undefined;
    const calls = real.calls;
    if (real.upstream.kind !== "token") return;
    await real.broker.get({ key: "k", fetch: real.fetch, minRemainingMs: 0 });
    expect(real.calls).toBe(calls + 1);
  }
  toString = () => "forget";
}

class RetryNow implements fc.AsyncCommand<Model, Real> {
  check = () => true;
  async run(_model: Model, real: Real): Promise<void> {
    real.broker.retryNow("k");
  }
  toString = () => "retryNow";
}

test("whatever happens in whatever order, no token is handed out that should not be", async () => {
  const needMs = fc.constantFrom(0, minute, 60 * minute, 11 * 60 * minute);
  const upstream = fc.oneof(
    fc.constantFrom(5 * minute, 12 * 60 * minute).map((lifeMs): Upstream => ({ kind: "token", lifeMs })),
    fc.constantFrom<Upstream>({ kind: "denial" }, { kind: "outage" }),
  );
  const ask = fc.array(needMs, { minLength: 1, maxLength: 5 }).map((needs) => new Ask(needs));
  const commands = fc.commands(
    [
      // Asking is what everything else is about, so it comes more often.
      ask,
      ask,
      ask,
      fc.constantFrom(1_000, 10_000, 90 * minute, 7 * 60 * minute).map((ms) => new Wait(ms)),
      upstream.map((next) => new SetUpstream(next)),
      fc.constant(new Forget()),
      fc.constant(new RetryNow()),
    ],
    { maxCommands: 40, size: "max" },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (run) => {
      const setup = () => ({
        model: { newestIssuedAtMs: 0 },
        real: new Real(),
      });
      await fc.asyncModelRun(setup, run);
    }),
    { numRuns: 800 },
  );
});
