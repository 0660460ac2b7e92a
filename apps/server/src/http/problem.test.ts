import { Problem } from "@berth/api";
import { failures, RegistryError, type RegistryErrorCode } from "@berth/oci";
import { ProviderError, type ProviderErrorCode } from "@berth/provider";
import { describe, expect, test } from "vitest";
import { BerthError } from "../domain/berth-error.ts";
import { type ProblemCode, problemTable } from "../domain/problem-table.ts";
import { isUnexpected, toProblem } from "./problem.ts";

const codes = Object.keys(problemTable) as ProblemCode[];

describe("every problem of Berth's own", () => {
  test.each(codes)("%s is answered as its row says", (code) => {
    const { status, problem } = toProblem(new BerthError(code, "What happened."), "r1");
    const row = problemTable[code];
    expect(Problem.parse(problem)).toEqual({
      type: `urn:berth:problem:${code}`,
      title: row.title,
      status,
      detail: "What happened.",
      code,
      fix: { text: row.fix },
      retryable: row.retryable,
      requestId: "r1",
    });
    expect(status).toBe(row.status);
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(row.fix).toMatch(/\.$/);
  });

  test("a fix of the place that throws is better than the table's", () => {
    const fix = { text: "Do that.", command: "berth that" };
    expect(toProblem(new BerthError("NAME_TAKEN", "x", { fix }), "r").problem.fix).toEqual(fix);
  });
});

const providerCodes: Record<ProviderErrorCode, number> = {
  ENGINE_UNREACHABLE: 503,
  ENGINE_DENIED: 502,
  ENGINE_FAILED: 502,
  DISK_FULL: 507,
  IMAGE_PULL_DENIED: 502,
  IMAGE_NOT_FOUND: 404,
  IMAGE_PLATFORM_MISMATCH: 422,
  IMAGE_DIGEST_MISMATCH: 502,
  IMAGE_USER_UNKNOWN: 422,
  REGISTRY_UNREACHABLE: 502,
  RESOURCES_UNAVAILABLE: 422,
  AGENT_RUNTIME_MISSING: 500,
  CANCELED: 409,
};

test.each(Object.entries(providerCodes))("the engine's %s is %i, with its own fix", (code, status) => {
  const cause = new Error("c4n4ry from the engine");
  const error = new ProviderError(code as ProviderErrorCode, "Said.", { fix: "Do this.", retryable: true, cause });
  const answer = toProblem(error, "r");
  expect(answer).toMatchObject({
    status,
    problem: { code, detail: "Said.", fix: { text: "Do this." }, retryable: true },
  });
  expect(JSON.stringify(answer)).not.toContain("c4n4ry");
});

describe("every failure of a registry", () => {
  test.each(Object.keys(failures) as RegistryErrorCode[])("%s is the client's, passing, or the registry's", (code) => {
    const error = new RegistryError(code, { host: "registry.example", repository: "team/base" });
    const { status, problem } = toProblem(error, "r");
    expect([400, 404, 422, 502, 503]).toContain(status);
    if (status === 503) expect(problem.retryable).toBe(true);
    expect(Problem.parse(problem).fix?.text).toBeTruthy();
    expect(isUnexpected(error)).toBe(false);
  });
});

test("what nobody foresaw says nothing of itself", () => {
  for (const thrown of [new TypeError("c4n4ry"), "c4n4ry", null, { code: "c4n4ry" }, new BerthError("INTERNAL", "x")]) {
    expect(isUnexpected(thrown)).toBe(true);
    expect(toProblem(thrown, "r").status).toBe(500);
    expect(JSON.stringify(toProblem(thrown, "r"))).not.toContain("c4n4ry");
  }
});

test("the framework's refusals come in our words", () => {
  const { status, problem } = toProblem(Object.assign(new Error("FST"), { code: "FST_ERR_CTP_BODY_TOO_LARGE" }), "r");
  expect([status, problem.code]).toEqual([413, "BODY_TOO_LARGE"]);
});

test("headers say what clients act on", () => {
  expect(toProblem(new BerthError("SIGN_IN_REQUIRED", "x"), "r").headers).toEqual({ "www-authenticate": "Bearer" });
  const throttled = new BerthError("TOO_MANY_ATTEMPTS", "x", { context: { retryAfterSeconds: 12.2 } });
  expect(toProblem(throttled, "r").headers).toEqual({ "retry-after": "13" });
});
