import { expect, it } from "vitest";
import { observeContainer } from "./observe.ts";

const inspect = (Status: string, more: object = {}) => ({
  Id: "c",
  State: {
    Status,
    ExitCode: 0,
    OOMKilled: false,
    StartedAt: "2026-01-02T03:04:05.678901234Z",
    FinishedAt: "0001-01-01T00:00:00Z",
    ...more,
  },
  Config: { Labels: { "berth.revision": "7", "berth.image-digest": "sha256:a" } },
});
const running = {
  state: "running",
  revision: "7",
  startedAt: new Date("2026-01-02T03:04:05.678Z"),
  imageDigest: "sha256:a",
};
const finishedAt = new Date("2026-01-02T04:00:00Z");

it.each([
  ["nothing", undefined, undefined],
  ["created", inspect("created"), { state: "starting", revision: "7" }],
  ["running", inspect("running"), running],
  ["paused", inspect("paused"), running],
  ["removing", inspect("removing"), undefined],
  [
    "exited",
    inspect("exited", { ExitCode: 3, FinishedAt: "2026-01-02T04:00:00Z" }),
    { state: "exited", revision: "7", exitCode: 3, outOfMemory: false, finishedAt },
  ],
  [
    "killed for memory",
    inspect("exited", { ExitCode: 137, OOMKilled: true, FinishedAt: "2026-01-02T04:00:00Z" }),
    { state: "exited", revision: "7", exitCode: 137, outOfMemory: true, finishedAt },
  ],
  [
    "dead",
    inspect("dead", { ExitCode: 1, FinishedAt: "2026-01-02T04:00:00Z" }),
    { state: "exited", revision: "7", exitCode: 1, outOfMemory: false, finishedAt },
  ],
] as const)("a container that is %s", (_, container, expected) => {
  expect(observeContainer(container)).toEqual(expected);
});
