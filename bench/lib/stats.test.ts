import { expect, test } from "vitest";
import { figure, summarize } from "./stats.ts";

test("a summary takes the nearest rank, whatever the order", () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(summarize(values)).toEqual({ count: 100, median: 50, p95: 95, p99: 99, min: 1, max: 100 });
});

test.each([
  [1234.5, "1235"],
  [0.012345, "0.0123"],
  [12.345, "12.3"],
  [Number.NaN, "–"],
])("%d is written %s", (value, text) => {
  expect(figure(value)).toBe(text);
});
