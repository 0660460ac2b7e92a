import { describe, expect, test } from "vitest";
import { leftOutKinds } from "./needs.ts";
import { summarize, summaryLine } from "./summary.ts";

describe("leftOutKinds", () => {
  test("leaves out nothing when nothing is missing", () => {
    expect(leftOutKinds(new Set())).toEqual([]);
  });

  test("names the kinds of files that need what is missing, and why", () => {
    expect(leftOutKinds(new Set(["docker"] as const))).toEqual([
      { kind: "docker", because: "docker" },
      { kind: "aws", because: "docker" },
      { kind: "e2e", because: "docker" },
    ]);
    expect(leftOutKinds(new Set(["awscli"] as const)).map(({ kind }) => kind)).toEqual(["aws"]);
  });
});

describe("summarize", () => {
  const file = (status: string, ...statuses: string[]) => ({
    name: "x.test.ts",
    status,
    assertionResults: statuses.map((each, index) => ({ fullName: `does ${index}`, status: each })),
  });

  test("adds up what the runs said", () => {
    const summary = summarize([
      { testResults: [file("passed", "passed", "passed", "skipped")] },
      { testResults: [file("failed", "passed", "failed", "todo")] },
    ]);
    expect(summary).toEqual({ passed: 3, failed: 1, skipped: ["does 2", "does 2"] });
    expect(summaryLine(summary)).toBe("tests: 3 passed, 1 failed, 2 skipped");
  });

  test("counts a file that could not be loaded as a failure", () => {
    expect(summarize([{ testResults: [file("failed")] }])).toEqual({ passed: 0, failed: 1, skipped: [] });
  });

  test("says nothing of skips when there are none", () => {
    expect(summaryLine({ passed: 123, failed: 0, skipped: [] })).toBe("tests: 123 passed, 0 failed");
  });
});
