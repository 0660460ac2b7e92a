import { expect, it } from "vitest";
import { createPullProgress, type LayersEvent } from "./pull-progress.ts";

function recorder() {
  let nowMs = 0;
  const events: LayersEvent[] = [];
  const progress = createPullProgress(
    () => nowMs,
    (event) => events.push(event),
  );
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { progress, events, pass };
}

it("follows each layer from waiting to done", () => {
  const { progress, events, pass } = recorder();
  const say = (id: string, status: string, current?: number, total?: number) => {
    pass(1000);
    progress.add({ id, status, progressDetail: current === undefined ? {} : { current, total: total ?? 0 } });
    return events
      .at(-1)
      ?.layers.map((layer) => `${layer.id} ${layer.status} ${layer.currentBytes}/${layer.totalBytes}`);
  };
  expect(say("aaaaaaaaaaaa", "Pulling fs layer")).toEqual(["aaaaaaaaaaaa waiting 0/0"]);
  expect(say("bbbbbbbbbbbb", "Already exists")).toContain("bbbbbbbbbbbb present 0/0");
  expect(say("aaaaaaaaaaaa", "Downloading", 30, 100)).toContain("aaaaaaaaaaaa downloading 30/100");
  expect(say("aaaaaaaaaaaa", "Verifying Checksum")).toContain("aaaaaaaaaaaa verifying 100/100");
  expect(say("aaaaaaaaaaaa", "Extracting", 10, 100)).toContain("aaaaaaaaaaaa extracting 10/100");
  expect(events.at(-1)).toMatchObject({ currentBytes: 100, totalBytes: 100 });
  expect(say("aaaaaaaaaaaa", "Pull complete")).toContain("aaaaaaaaaaaa done 100/100");
  expect(say("aaaaaaaaaaaa", "Retrying in 5 seconds")).toContain("aaaaaaaaaaaa waiting 100/100");
});

it("reports at most four times a second, and the last state always", () => {
  const { progress, events, pass } = recorder();
  for (let current = 0; current < 1000; current += 1) {
    progress.add({ id: "aaaaaaaaaaaa", status: "Downloading", progressDetail: { current, total: 1000 } });
    pass(1);
  }
  progress.add({ id: "aaaaaaaaaaaa", status: "Pull complete" });
  expect(events.length).toBeLessThanOrEqual(5);
  progress.flush();
  progress.flush();
  expect(events.length).toBeLessThanOrEqual(6);
  expect(events.at(-1)).toMatchObject({ currentBytes: 1000, totalBytes: 1000 });
});

it("passes over what is not about a layer", () => {
  const { progress, events } = recorder();
  progress.add({ id: "1", status: "Pulling from team/base" });
  progress.add({ status: "Digest: sha256:00" });
  progress.add({ id: "aaaaaaaaaaaa", status: "Something new" });
  progress.flush();
  expect(events).toEqual([]);
});
