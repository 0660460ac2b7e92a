import { ApiError, type BuildLogEntry } from "@berth/api";
import { describe, expect, test } from "vitest";
import { buildEntry, stepEntry } from "../testing/samples.ts";
import { followBuild } from "./follow.ts";

/** Follows a log whose connections are told one by one, on a clock that moves only while it waits. */
async function follow(connections: (() => AsyncGenerator<BuildLogEntry>)[], signal = new AbortController().signal) {
  let now = 0;
  const starts: number[] = [];
  const seen: number[] = [];
  const entries = followBuild({
    openLog: (after) => {
      starts.push(after);
      return (connections[starts.length - 1] ?? connections.at(-1)!)();
    },
    signal,
    now: () => now,
    wait: async (ms) => {
      now += ms;
    },
  });
  let failure: unknown;
  try {
    for await (const entry of entries) seen.push(entry.seq);
  } catch (error) {
    failure = error;
  }
  return { seen, starts, failure, waitedMs: now };
}

const gives = (...entries: BuildLogEntry[]) =>
  async function* () {
    yield* entries;
  };
const breaks = (error: unknown, ...entries: BuildLogEntry[]) =>
  async function* () {
    yield* entries;
    throw error;
  };
const step = (seq: number) => stepEntry(seq, "Pull", "running");
const refusal = (status: number, retryable: boolean) =>
  new ApiError({ type: "", title: "", status, detail: "", code: "X", retryable, requestId: "" });

describe("followBuild", () => {
  test("goes on after the last entry, however the connection ended, and stops at the build", async () => {
    const { seen, starts, failure } = await follow([
      breaks(new TypeError("terminated"), step(1), step(2)),
      breaks(new SyntaxError("half a line"), step(3)),
      breaks(refusal(503, true)),
      gives(),
      gives(step(2), step(3), step(4), buildEntry(5), step(6)),
    ]);
    expect({ seen, starts, failure }).toEqual({ seen: [1, 2, 3, 4, 5], starts: [0, 2, 3, 3, 3], failure: undefined });
  });

  test("gives up on a refusal at once", async () => {
    const { failure, waitedMs } = await follow([breaks(refusal(404, false))]);
    expect(failure).toMatchObject({ problem: { status: 404 } });
    expect(waitedMs).toBe(0);
  });

  test("gives up when nothing is heard for a minute, asking less and less often", async () => {
    const { failure, starts, waitedMs } = await follow([gives()]);
    expect(failure).toMatchObject({ kind: "unavailable" });
    expect(waitedMs).toBeGreaterThanOrEqual(60_000);
    expect(starts.length).toBeLessThan(30);
  });

  test("stops when told to", async () => {
    const controller = new AbortController();
    const { failure, seen } = await follow(
      [
        async function* () {
          yield step(1);
          controller.abort(new Error("enough"));
          throw new Error("aborted");
        },
      ],
      controller.signal,
    );
    expect(seen).toEqual([1]);
    expect(failure).toEqual(new Error("enough"));
  });
});
