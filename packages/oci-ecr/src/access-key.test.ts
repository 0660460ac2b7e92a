import { describe, expect, test } from "vitest";
import { keyWarnings, maskAccessKeyId, trimKeys } from "./access-key.ts";

const id = "AKIAIOSFODNN7EXAMPLE".replace("7EXAMPLE", "7EXAMPL2");
const secret = "abcdefghij/klmnopqrst+uvwxyz0123456789AB";

describe("keyWarnings", () => {
  test("is silent about a usual key, also with blanks around it", () => {
    expect(keyWarnings({ accessKeyId: id, secretAccessKey: secret })).toEqual([]);
    expect(keyWarnings({ accessKeyId: ` ${id}\n`, secretAccessKey: `\t${secret} ` })).toEqual([]);
  });

  test.each([
    ["swapped fields", { accessKeyId: secret, secretAccessKey: id }, "accessKeyId", "swapped"],
    ["an odd id", { accessKeyId: "akia", secretAccessKey: secret }, "accessKeyId", "begins with AKIA"],
    ["a clipped secret", { accessKeyId: id, secretAccessKey: secret.slice(1) }, "secretAccessKey", "40 characters"],
    ["a blank inside", { accessKeyId: id, secretAccessKey: secret.replace("k", " ") }, "secretAccessKey", "40"],
    [
      "a temporary key alone",
      { accessKeyId: id.replace("AKIA", "ASIA"), secretAccessKey: secret },
      "sessionToken",
      "needs its session token",
    ],
    [
      "a temporary key with its token",
      { accessKeyId: id.replace("AKIA", "ASIA"), secretAccessKey: secret, sessionToken: "t" },
      "sessionToken",
      "stop working within hours.",
    ],
  ])("warns of %s", (_what, keys, field, words) => {
    const warnings = keyWarnings(keys);
    expect(warnings).toEqual([{ code: "AWS_KEY_FORMAT", field, message: expect.stringContaining(words) }]);
    expect(JSON.stringify(warnings)).not.toContain(secret);
  });
});

test("trimKeys takes away what pasting added, and nothing else", () => {
  expect(trimKeys({ accessKeyId: " a ", secretAccessKey: "b\n" })).toEqual({ accessKeyId: "a", secretAccessKey: "b" });
});

test("maskAccessKeyId shows both ends of a key, and nothing of anything else", () => {
  expect(maskAccessKeyId(id)).toBe("AKIA…MPL2");
  expect(maskAccessKeyId(secret)).toBe("…");
  expect(maskAccessKeyId("")).toBe("…");
});
