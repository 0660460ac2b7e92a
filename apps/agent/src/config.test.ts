import { describe, expect, it } from "vitest";
import { baseDelayMs, withJitter } from "./backoff.ts";
import { parseConfig } from "./config.ts";
import { isRejection } from "./dial.ts";

const good = { BERTH_AGENT_URL: "ws+unix:///.berth/run/agent.sock:/agent/v1/connect", BERTH_AGENT_TOKEN: "t" };

describe("the agent's settings", () => {
  it("are read from its environment", () => {
    const config = parseConfig({ ...good, BERTH_AGENT_RESTORE_ENV: '{"NODE_ENV":"production"}' });
    expect(config).toEqual({ url: good.BERTH_AGENT_URL, token: "t", restoreEnv: { NODE_ENV: "production" } });
    expect(parseConfig({ ...good, BERTH_AGENT_RESTORE_ENV: "" }).restoreEnv).toEqual({});
  });
  it.each([
    [{ BERTH_AGENT_URL: "http://x" }, "BERTH_AGENT_URL"],
    [{ BERTH_AGENT_TOKEN: "" }, "BERTH_AGENT_TOKEN"],
    [{ BERTH_AGENT_RESTORE_ENV: "{" }, "BERTH_AGENT_RESTORE_ENV"],
    [{ BERTH_AGENT_RESTORE_ENV: '{"A":1}' }, "BERTH_AGENT_RESTORE_ENV"],
    [{ BERTH_AGENT_RESTORE_ENV: '["A"]' }, "BERTH_AGENT_RESTORE_ENV"],
  ])("are refused by name: %j", (wrong, name) => {
    expect(() => parseConfig({ ...good, ...wrong })).toThrow(new RegExp(name));
  });
});

describe("dialling again", () => {
  it("is fast at first and slows down to the cap", () => {
    const delays = Array.from({ length: 10 }, (_, n) => baseDelayMs(n, { isRejected: false, capMs: 5000 }));
    expect(delays).toEqual([20, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(baseDelayMs(1_000_000, { isRejected: false, capMs: 1000 })).toBe(1000);
  });
  it("is slow from the start after a rejection", () => {
    expect([0, 1, 2, 3].map((n) => baseDelayMs(n, { isRejected: true, capMs: 1000 }))).toEqual([
      1000, 2000, 4000, 5000,
    ]);
    expect([isRejection(1006, 401), isRejection(4001, undefined), isRejection(4002, undefined)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([isRejection(1006, undefined), isRejection(1006, 502), isRejection(1001, undefined)]).toEqual([
      false,
      false,
      false,
    ]);
  });
  it("is spread, never by more than half", () => {
    expect([0, 0.5, 1].map((random) => withJitter(1000, random))).toEqual([500, 750, 1000]);
  });
});
