import { expect, it } from "vitest";
import { checkPlatform } from "./ensure-image.ts";
import { checkSource, tagTarget } from "./find-image.ts";

const digest = `sha256:${"a".repeat(64)}`;

it.each([
  [
    "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/base:1",
    { repo: "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/base", tag: "1" },
  ],
  ["host:5000/team/base:v1.2", { repo: "host:5000/team/base", tag: "v1.2" }],
  [`host/team/base:1@${digest}`, { repo: "host/team/base", tag: "1" }],
  ["host:5000/team/base", undefined],
  [`host/team/base@${digest}`, undefined],
])("%s is tagged as what it says", (reference, expected) => {
  expect(tagTarget(reference)).toEqual(expected);
});

it("lets only addresses of images into the engine's paths", () => {
  const check =
    (pullRepository: string, of = digest) =>
    () =>
      checkSource({ reference: "", pullRepository, digest: of });
  for (const good of ["127.0.0.1:5000/a", "host/a/b_c/d__e/f-g.h", "[::1]:5000/a"]) expect(check(good)).not.toThrow();
  for (const bad of ["a", "../a", "host/../a", "host/a?b", "host/a b", "host//a", "host/A", ""]) {
    expect(check(bad)).toThrowError(expect.objectContaining({ code: "IMAGE_NOT_FOUND" }));
  }
  for (const bad of ["latest", "sha256:a", `${digest}/json`]) {
    expect(check("host/a", bad)).toThrowError(expect.objectContaining({ code: "IMAGE_NOT_FOUND" }));
  }
});

it("accepts the engine's platform and images that name none", () => {
  const image = (Os: string, Architecture: string) => ({ Id: "i", RepoDigests: [], Os, Architecture, Config: null });
  const engine = { os: "linux", architecture: "amd64" };
  checkPlatform(image("linux", "amd64"), engine);
  checkPlatform(image("", ""), engine);
  for (const foreign of [image("linux", "arm64"), image("windows", "amd64")]) {
    expect(() => checkPlatform(foreign, engine)).toThrowError(
      expect.objectContaining({ code: "IMAGE_PLATFORM_MISMATCH" }),
    );
  }
});
