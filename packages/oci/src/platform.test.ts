import { describe, expect, test } from "vitest";
import { choosePlatform, formatPlatform, type Platform, parsePlatform, platformFit } from "./platform.ts";

describe("parsePlatform", () => {
  test.each([
    ["linux/amd64", "linux/amd64"],
    ["linux/x86_64", "linux/amd64"],
    ["Linux/aarch64", "linux/arm64"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/arm/v6", "linux/arm/v6"],
    ["linux/armhf", "linux/arm"],
  ])("reads %s as %s", (text, canonical) => {
    expect(formatPlatform(parsePlatform(text))).toBe(canonical);
  });

  test.each(["", "linux", "linux/", "/amd64", "linux/arm/v6/x", "linux/../etc", "x".repeat(10_000)])(
    "refuses %j",
    (text) => {
      expect(() => parsePlatform(text)).toThrow("The platform is malformed.");
    },
  );
});

describe("platformFit", () => {
  test.each([
    ["linux/amd64", "linux/amd64", true],
    ["linux/arm64/v8", "linux/arm64", true],
    ["linux/arm/v7", "linux/arm/v6", true],
    ["linux/arm/v6", "linux/arm/v7", false],
    ["linux/amd64", "linux/arm64", false],
    ["linux/amd64", "windows/amd64", false],
    ["linux/amd64/v3", "linux/amd64", true],
  ])("%s runs %s: %s", (engine, image, fits) => {
    expect(platformFit(parsePlatform(engine), parsePlatform(image)) > 0).toBe(fits);
  });
});

test("choosePlatform takes the closest variant, ignores entries without one, and finds none for another machine", () => {
  const entries: { name: string; platform?: Platform }[] = [
    { name: "attestation" },
    ...["linux/arm/v5", "linux/arm/v7", "linux/arm/v6"].map((name) => ({ name, platform: parsePlatform(name) })),
  ];
  expect(choosePlatform(parsePlatform("linux/arm/v7"), entries)?.name).toBe("linux/arm/v7");
  expect(choosePlatform(parsePlatform("linux/arm/v6"), entries)?.name).toBe("linux/arm/v6");
  expect(choosePlatform(parsePlatform("linux/amd64"), entries)).toBeUndefined();
});
