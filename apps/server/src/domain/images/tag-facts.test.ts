import { RegistryError } from "@berth/oci";
import { describe, expect, it } from "vitest";
import { readTagFacts, runnableFailure } from "./tag-facts.ts";

const known = { repository: "team/base", tag: "1" };
const resolved = { digest: "sha256:1", mediaType: "application/vnd.oci.image.index.v1+json", sizeBytes: 5 };
const configDigest = `sha256:${"0".repeat(64)}` as const;
const imageFor = (os: string, architecture: string) => ({ platform: { os, architecture }, configDigest });

describe("readTagFacts", () => {
  it("keeps the platforms that workspaces run on, each once", () => {
    const images = [
      imageFor("linux", "arm64"),
      imageFor("linux", "amd64"),
      imageFor("linux", "amd64"),
      imageFor("windows", "amd64"),
      { configDigest },
    ];
    expect(readTagFacts(known, { ...resolved, images })).toEqual({
      ...resolved,
      platforms: ["linux/amd64", "linux/arm64"],
      pushedAt: null,
    });
  });

  it.each([
    [[], /not a container image/],
    [[imageFor("windows", "amd64")], /for windows\/amd64, and workspaces run Linux/],
  ])("refuses %j", (images, message) => {
    expect(() => readTagFacts(known, { ...resolved, images })).toThrow(
      expect.objectContaining({ code: "IMAGE_NOT_RUNNABLE", message: expect.stringMatching(message) }),
    );
  });
});

it("takes an image whose platform the key may not read", () => {
  expect(readTagFacts(known, { ...resolved, images: [{ configDigest }] }).platforms).toEqual([]);
});

describe("runnableFailure", () => {
  it("calls an artifact what it is for an import", () => {
    expect(runnableFailure(known, new RegistryError("MANIFEST_UNSUPPORTED"))).toMatchObject({
      code: "IMAGE_NOT_RUNNABLE",
    });
  });

  it("leaves other failures alone", () => {
    const error = new RegistryError("ECR_IMAGE_NOT_FOUND");
    expect(runnableFailure(known, error)).toBe(error);
  });
});
