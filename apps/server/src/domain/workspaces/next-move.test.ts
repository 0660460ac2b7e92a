import type { Observation } from "@berth/provider";
import { describe, expect, test } from "vitest";
import { nextMove, retryDelayMs } from "./next-move.ts";
import { aBuild, aWorkspace } from "./testing/workspace-fixture.ts";

const now = new Date("2026-06-01T12:00:00Z");
const ago = (ms: number) => new Date(now.getTime() - ms);
const { revision } = aWorkspace();
const runs: Observation = { state: "running", revision: revision ?? "", startedAt: now, imageDigest: undefined };
const exited: Observation = {
  state: "exited",
  revision: revision ?? "",
  exitCode: 137,
  outOfMemory: true,
  finishedAt: now,
};
const alone = { isAgentConnected: false };

describe("nextMove", () => {
  test("an unfinished build comes first, whoever began it", () => {
    const workspace = aWorkspace({ status: "starting", latestBuild: aBuild({ status: "running" }) });
    expect(nextMove(workspace, { ...alone, observation: exited }, now)).toEqual({ type: "run-build" });
  });

  test("a running workspace with its agent is settled", () => {
    expect(nextMove(aWorkspace(), { isAgentConnected: true }, now)).toEqual({ type: "settled" });
  });

  test("`running` is said again once the agent is back", () => {
    expect(nextMove(aWorkspace({ status: "starting" }), { isAgentConnected: true }, now)).toEqual({
      type: "mark-running",
    });
  });

  test("a container without its agent is waited for", () => {
    expect(nextMove(aWorkspace(), { ...alone, observation: runs }, now)).toEqual({ type: "await-agent" });
  });

  test.each<[string, Observation]>([
    ["vanished", { state: "absent", hasHome: true }],
    ["is of an older revision", { ...runs, revision: "older" } as Observation],
    ["ended after a long run", exited],
  ])("a container that %s is brought back at once", (_what, observation) => {
    expect(nextMove(aWorkspace(), { ...alone, observation }, now)).toEqual({
      type: "recover",
      kind: "start",
      attempts: 0,
    });
  });

  test("one that keeps ending at its start is tried once at once, then ever later, then left to people", () => {
    const seen = (attempts: number) =>
      nextMove(aWorkspace({ lastStartedAt: ago(2000), attempts }), { ...alone, observation: exited }, now);
    expect(seen(0)).toEqual({ type: "recover", kind: "start", attempts: 1 });
    expect(seen(1)).toMatchObject({ type: "crashed", attempts: 2, retryInMs: 5000 });
    expect(seen(2)).toMatchObject({ type: "crashed", attempts: 3, retryInMs: 10_000 });
    expect(seen(7)).toMatchObject({ type: "crashed", attempts: 8, retryInMs: null });
  });

  test("a failed workspace waits for its time, or for people", () => {
    const failed = aWorkspace({ status: "failed", attempts: 2 });
    expect(nextMove(failed, alone, now)).toEqual({ type: "settled" });
    expect(nextMove({ ...failed, retryAt: ago(-1) }, alone, now)).toEqual({ type: "settled" });
    expect(nextMove({ ...failed, retryAt: ago(1) }, alone, now)).toEqual({
      type: "recover",
      kind: "start",
      attempts: 2,
    });
    expect(nextMove({ ...failed, desired: "deleted", retryAt: ago(1) }, alone, now)).toMatchObject({ kind: "delete" });
  });

  test("a start that succeeded while it was canceled is stopped", () => {
    expect(nextMove(aWorkspace({ desired: "stopped" }), { isAgentConnected: true }, now)).toMatchObject({
      type: "recover",
      kind: "stop",
    });
  });

  test("a stopped workspace is settled", () => {
    expect(nextMove(aWorkspace({ desired: "stopped", status: "stopped" }), alone, now)).toEqual({ type: "settled" });
  });
});

describe("retryDelayMs", () => {
  test("starts are retried for what passes by itself, ever later, and not for ever", () => {
    expect(retryDelayMs(1, "ENGINE_UNREACHABLE", "running")).toBe(5000);
    expect(retryDelayMs(4, "ENGINE_UNREACHABLE", "running")).toBe(40_000);
    expect(retryDelayMs(8, "ENGINE_UNREACHABLE", "running")).toBeNull();
    expect(retryDelayMs(1, "IMAGE_NOT_FOUND", "running")).toBeNull();
  });

  test("stops and deletions are tried until they are done", () => {
    expect(retryDelayMs(50, "ENGINE_FAILED", "deleted")).toBe(300_000);
    expect(retryDelayMs(1, "INTERNAL", "stopped")).toBe(5000);
  });
});
