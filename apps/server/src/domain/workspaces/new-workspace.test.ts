import type { ProviderInfo } from "@berth/provider";
import { describe, expect, test } from "vitest";
import { checkFits, chooseTag, runsOn } from "./new-workspace.ts";
import type { OfferedImage } from "./ports.ts";

const image: OfferedImage = {
  id: "5",
  organizationId: "3",
  repository: "team/base",
  cpu: 1,
  memoryGb: 1,
  diskGb: 1,
  isDeprecated: false,
  defaultTag: "1",
  tags: [
    { tag: "1", platforms: ["linux/amd64"], isDecommissioned: false },
    { tag: "old", platforms: ["linux/amd64"], isDecommissioned: true },
  ],
};
const engine: ProviderInfo = {
  kind: "docker",
  version: "20.10",
  platforms: ["linux/amd64"],
  cpus: 4,
  memoryBytes: 8 * 1024 ** 3,
  enforcesDisk: false,
};
const code = (work: () => unknown) => {
  try {
    work();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("chooseTag", () => {
  test("takes the default tag unless another is asked for", () => {
    expect(chooseTag(image, undefined).tag).toBe("1");
  });

  test.each([
    ["a tag it does not offer", image, "2", "IMAGE_TAG_NOT_FOUND"],
    ["a decommissioned tag", image, "old", "IMAGE_TAG_DECOMMISSIONED"],
    ["a deprecated image", { ...image, isDeprecated: true }, "1", "IMAGE_DEPRECATED"],
  ])("refuses %s", (_what, from, tag, expected) => {
    expect(code(() => chooseTag(from, tag))).toBe(expected);
  });
});

describe("checkFits", () => {
  const [tag] = image.tags;

  test("accepts what the engine can run", () => {
    expect(code(() => checkFits({ cpu: 4, memoryGb: 8 }, tag, engine))).toBe("none");
  });

  test.each([
    [{ cpu: 4.5, memoryGb: 1 }, "RESOURCES_TOO_LARGE"],
    [{ cpu: 1, memoryGb: 8.5 }, "RESOURCES_TOO_LARGE"],
  ])("refuses %o", (sizes, expected) => {
    expect(code(() => checkFits(sizes, tag, engine))).toBe(expected);
  });

  test("refuses an image for another platform before anything is recorded", () => {
    const arm = { tag: "1", platforms: ["linux/arm64"], isDecommissioned: false };
    expect(code(() => checkFits({ cpu: 1, memoryGb: 1 }, arm, engine))).toBe("IMAGE_PLATFORM_MISMATCH");
  });
});

test.each([
  [["linux/arm64/v8"], ["linux/arm64"], true],
  [["linux/arm64"], ["linux/arm"], false],
  [["linux/amd64", "linux/arm64"], ["linux/arm64"], true],
  [[], ["linux/amd64"], true],
])("an image for %o runs on %o: %s", (platforms, own, expected) => {
  expect(runsOn(platforms, own)).toBe(expected);
});
