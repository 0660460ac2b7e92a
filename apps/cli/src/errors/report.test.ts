import { ApiError } from "@berth/api";
import { expect, test } from "vitest";
import { z } from "zod";
import { styleFor } from "../output/style.ts";
import { CliError } from "./cli-error.ts";
import { exitCodeOf, formatProblem, reportOf } from "./report.ts";

const plain = styleFor({} as never, { noColor: true, term: undefined });

test.each([
  [400, 2],
  [401, 3],
  [403, 3],
  [404, 4],
  [405, 2],
  [409, 5],
  [413, 2],
  [422, 2],
  [429, 6],
  [500, 1],
  [502, 6],
  [503, 6],
  [504, 6],
  [507, 6],
])("status %i is exit code %i", (status, code) => {
  expect(exitCodeOf(status)).toBe(code);
});

test("a problem is told with its fields, what stands in the way, its fix, code and request", () => {
  const { problem } = reportOf(
    new ApiError({
      type: "about:blank",
      title: "t",
      status: 409,
      detail: "It is\u001b[2J used.",
      code: "IMAGE_IN_USE",
      fix: { text: "Delete the workspaces first:", command: "berth ws rm dev" },
      retryable: false,
      requestId: "r1",
      errors: [{ path: "body.name", message: "is\nodd" }],
      context: { workspaces: ["dev", "big"], count: 2, nested: { secret: "x" } },
    }),
  );
  expect(formatProblem(problem, plain)).toBe(
    "berth: It is\\x1b[2J used.\n  body.name: is\\x0aodd\n  workspaces: dev, big\n  count: 2\nFix: Delete the workspaces first:\n  berth ws rm dev\n(IMAGE_IN_USE · request r1)\n",
  );
});

test("an answer of another version is the server's, a mistake of ours is ours", () => {
  const parsed = z.object({ id: z.string() }).safeParse({});
  expect(reportOf(parsed.error)).toMatchObject({ exitCode: 6, problem: { code: "ANSWER_NOT_UNDERSTOOD" } });
  expect(reportOf(new RangeError("oops"))).toMatchObject({ exitCode: 1, problem: { code: "INTERNAL" } });
  expect(reportOf(new CliError("conflict", { code: "X", detail: "d" })).exitCode).toBe(5);
});
