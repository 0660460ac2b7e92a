import { describe, expect, test } from "vitest";
import { platformRefusal, readPlatform } from "./platform.mjs";

const debian = { platform: "linux", arch: "x64", isGlibc: true, nodeVersion: "20.20.2" };

describe("platformRefusal", () => {
  test.each([debian, { ...debian, arch: "arm64" }, { ...debian, nodeVersion: "24.21.0" }, readPlatform()])(
    "lets %o pass",
    (facts) => {
      expect(platformRefusal(facts)).toBeUndefined();
    },
  );

  test.each([
    [{ ...debian, platform: "darwin" }, /macOS.*virtual machine/],
    [{ ...debian, platform: "win32" }, /WSL 2/],
    [{ ...debian, platform: "freebsd" }, /not on freebsd/],
    [{ ...debian, arch: "riscv64" }, /not on riscv64/],
    [{ ...debian, isGlibc: false }, /musl.*Debian/],
    [{ ...debian, nodeVersion: "18.20.4" }, /Node 20.*18\.20\.4/],
  ])("refuses %o with one sentence that says what to do", (facts, words) => {
    const sentence = platformRefusal(facts) ?? "";
    expect(sentence).toMatch(words);
    expect(sentence).toMatch(/: .*\.$/);
    expect(sentence).not.toContain("\n");
  });
});
