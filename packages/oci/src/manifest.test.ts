import { describe, expect, test } from "vitest";
import { digestOf, isDigest, parseDigest, verifyDigest } from "./digest.ts";
import { parseImageConfig } from "./image-config.ts";
import { parseManifest } from "./manifest.ts";
import { mediaTypes } from "./media-type.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const descriptor = (mediaType: string, letter: string, size: number) => ({ mediaType, digest: digest(letter), size });

const image = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: descriptor(mediaTypes.ociConfig, "c", 10),
  layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", "1", 100), descriptor("x/y", "2", 200)],
};
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [
    { ...descriptor(mediaTypes.ociManifest, "a", 1), platform: { os: "linux", architecture: "amd64" } },
    { ...descriptor(mediaTypes.ociManifest, "b", 2), platform: { os: "linux", architecture: "arm64", variant: "v8" } },
    { ...descriptor(mediaTypes.ociManifest, "d", 3), platform: { os: "unknown", architecture: "unknown" } },
  ],
};

describe("parseManifest", () => {
  test("reads an image: config, layers, and what a pull transfers", () => {
    const manifest = parseManifest(JSON.stringify(image), undefined);
    expect(manifest).toMatchObject({ kind: "image", sizeBytes: 310, config: { digest: digest("c"), sizeBytes: 10 } });
  });

  test("reads an index; a build attestation has no platform", () => {
    const manifest = parseManifest(JSON.stringify(index), undefined);
    const platforms = manifest.kind === "index" ? manifest.entries.map(({ platform }) => platform) : [];
    expect(platforms).toEqual([
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
      undefined,
    ]);
  });

  test.each([
    ["Docker's list", { ...index, mediaType: mediaTypes.dockerList }, "index"],
    [
      "Docker's schema 2",
      { ...image, mediaType: mediaTypes.dockerManifest, config: descriptor(mediaTypes.dockerConfig, "c", 1) },
      "image",
    ],
  ])("reads %s", (_name, json, kind) => {
    expect(parseManifest(JSON.stringify(json), undefined).kind).toBe(kind);
  });

  test("goes by the header, then by the shape, where the document names no media type", () => {
    const { mediaType: _, ...bare } = index;
    expect(parseManifest(JSON.stringify(bare), `${mediaTypes.dockerList}; charset=utf-8`).mediaType).toBe(
      mediaTypes.dockerList,
    );
    expect(parseManifest(JSON.stringify(bare), "text/plain").mediaType).toBe(mediaTypes.ociIndex);
  });

  test.each([
    ["a Helm chart", { ...image, config: descriptor("application/vnd.cncf.helm.config.v1+json", "c", 1) }],
    ["Docker's schema 1", { schemaVersion: 1, name: "x", fsLayers: [] }],
    ["another media type", { schemaVersion: 2, mediaType: "application/vnd.example" }],
  ])("says of %s that it is no image", (_name, json) => {
    expect(() => parseManifest(JSON.stringify(json), undefined, "team/base:1")).toThrow(
      expect.objectContaining({ code: "MANIFEST_UNSUPPORTED", message: expect.stringContaining("team/base:1") }),
    );
  });

  test.each([
    ["no JSON", "{"],
    ["a number", "3"],
    ["a short digest", JSON.stringify({ ...image, config: { ...image.config, digest: "sha256:12" } })],
    ["a negative size", JSON.stringify({ ...image, config: { ...image.config, size: -1 } })],
    ["no layers", JSON.stringify({ ...image, layers: null })],
    ["4 MiB and a byte", " ".repeat(4 * 1024 * 1024 + 1)],
  ])("refuses %s", (_name, text) => {
    expect(() => parseManifest(text, mediaTypes.ociManifest)).toThrow(
      expect.objectContaining({ code: "MANIFEST_INVALID" }),
    );
  });
});

describe("parseImageConfig", () => {
  test("reads what is set", () => {
    const config = parseImageConfig(
      JSON.stringify({
        os: "linux",
        architecture: "arm64",
        variant: "v8",
        created: "2026-01-02T03:04:05Z",
        config: { User: "dev:dev", Env: ["A=1"], WorkingDir: "/src", Cmd: ["bash"], Labels: { a: "b" } },
      }),
    );
    expect(config).toEqual({
      platform: { os: "linux", architecture: "arm64" },
      createdAt: new Date("2026-01-02T03:04:05Z"),
      user: "dev:dev",
      workingDir: "/src",
      env: ["A=1"],
      entrypoint: [],
      cmd: ["bash"],
      labels: { a: "b" },
    });
  });

  test("makes absent and null fields plain", () => {
    const config = parseImageConfig('{"os":"linux","architecture":"amd64","config":{"Env":null,"Labels":null}}');
    expect(config).toMatchObject({ user: "", workingDir: "", env: [], labels: {} });
    expect(parseImageConfig('{"os":"linux","architecture":"amd64"}').cmd).toEqual([]);
  });

  test.each(["", "[]", '{"os":"linux"}', '{"os":"linux","architecture":"amd64","config":{"Env":"A=1"}}'])(
    "refuses %j",
    (text) => {
      expect(() => parseImageConfig(text)).toThrow(expect.objectContaining({ code: "MANIFEST_INVALID" }));
    },
  );
});

describe("digests", () => {
  test("verifyDigest accepts the content and refuses any other", () => {
    const named = digestOf("hello");
    expect(named).toBe("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    verifyDigest("hello", named);
    expect(() => verifyDigest("hellO", named, "r.example")).toThrow(
      expect.objectContaining({ code: "DIGEST_MISMATCH" }),
    );
  });

  test("only sha256 and sha512 in full length and lower case are digests", () => {
    expect(isDigest(`sha512:${"0".repeat(128)}`)).toBe(true);
    for (const text of ["sha256:", digest("A"), digest("a").slice(1), `${digest("a")}a`, `sha1:${"a".repeat(40)}`]) {
      expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "REFERENCE_MALFORMED" }));
    }
  });
});
