import { describe, expect, it } from "vitest";
import { maskAccessKeyId, readKeys, requireKeys } from "./registry-keys.ts";

describe("readKeys", () => {
  it("trims what copying adds", () => {
    expect(readKeys({ accessKeyId: " AKIA1\n", secretAccessKey: "\tsecret \r\n" })).toEqual({
      accessKeyId: "AKIA1",
      secretAccessKey: "secret",
    });
  });

  it("reads two blank fields as no keys", () => {
    expect(readKeys({})).toBeUndefined();
    expect(readKeys({ accessKeyId: "", secretAccessKey: "  " })).toBeUndefined();
  });

  it.each([
    [{ accessKeyId: "AKIA1" }, "body.secretAccessKey"],
    [{ accessKeyId: "AKIA1", secretAccessKey: " " }, "body.secretAccessKey"],
    [{ secretAccessKey: "secret" }, "body.accessKeyId"],
  ])("names the missing one of %j", (input, path) => {
    expect(() => readKeys(input)).toThrow(
      expect.objectContaining({ code: "REGISTRY_KEYS_INCOMPLETE", errors: [expect.objectContaining({ path })] }),
    );
  });
});

it("refuses blank keys by naming the switch that would allow them", () => {
  expect(() => requireKeys({})).toThrow(
    expect.objectContaining({
      code: "ECR_ROLE_SWITCH_OFF",
      message: expect.stringContaining("ECR IAM Role Authentication"),
    }),
  );
});

it("shows only the ends of an access key id", () => {
  expect(maskAccessKeyId("AKIAIOSFODNN7EXAMPLE")).toBe("AKIA…MPLE");
  expect(maskAccessKeyId("short")).toBe("…");
});
