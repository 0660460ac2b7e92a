import { expect, it } from "vitest";
import { logLines } from "./log-lines.ts";

function frame(stream: number, text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

it("joins both streams in order and answers the last lines", () => {
  const answer = Buffer.concat([frame(1, "one\ntw"), frame(1, "o\r\n"), frame(2, "thr\u00e9e\n")]);
  expect(logLines(answer, 10)).toEqual(["one", "two", "thrée"]);
  expect(logLines(answer, 2)).toEqual(["two", "thrée"]);
});

it("copes with nothing, with a cut frame and with an endless line", () => {
  expect(logLines(Buffer.alloc(0), 5)).toEqual([]);
  expect(logLines(frame(1, "complete\nhalf").subarray(0, -2), 5)).toEqual(["complete", "ha"]);
  expect(logLines(frame(1, "x".repeat(100_000)), 5)[0]).toHaveLength(4096);
});
