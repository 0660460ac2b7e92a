import { createHash } from "node:crypto";
import { type Digest, digestOf, mediaTypes, RegistryError, SafeHttp } from "@berth/oci";
import { describe, expect, test } from "vitest";
import { ConfigCache } from "./config-cache.ts";
import { EcrApiCatalog, type EcrReads } from "./ecr-api-catalog.ts";
import { resolveEndpoint } from "./ecr-endpoint.ts";
import { parseEcrHost } from "./ecr-host.ts";

const endpoint = resolveEndpoint(parseEcrHost("123456789012.dkr.ecr.us-east-1.amazonaws.com"), new Map());
const { registryHost: host, accountId, region, partition } = endpoint.host;
const hash = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}` as Digest;

/** A repository in memory whose every tag is an index of two platforms that no other tag shares. */
function makeRepository(count: number) {
  const manifests = new Map<string, string>();
  const tags = new Map<string, Digest>();
  const store = (json: unknown) => {
    const text = JSON.stringify(json);
    manifests.set(digestOf(text), text);
    return { digest: digestOf(text), size: text.length };
  };
  for (let i = 0; i < count; i++) {
    const platform = (architecture: string) => {
      const config = { mediaType: mediaTypes.ociConfig, digest: hash(`${i}${architecture}`), size: 10 };
      const image = store({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [] });
      return { mediaType: mediaTypes.ociManifest, ...image, platform: { os: "linux", architecture } };
    };
    const index = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [platform("amd64"), platform("arm64")],
    };
    tags.set(`v${i}`, store(index).digest);
  }
  return { manifests, tags };
}

function makeCatalog(count: number, { maxBatch = 100 } = {}) {
  const { manifests, tags } = makeRepository(count);
  const calls: string[] = [];
  const api: EcrReads = {
    repositories: async () => ({ repositories: [] }),
    layerUrl: async () => new URL("https://evil.example/layer"),
    taggedImages: async (_repository, { maxResults, nextToken }) => {
      calls.push("DescribeImages");
      const start = Number(nextToken ?? 0);
      const rows = [...tags].slice(start, start + maxResults);
      const next = start + maxResults < tags.size ? { nextToken: String(start + maxResults) } : {};
      return { imageDetails: rows.map(([tag, imageDigest]) => ({ imageDigest, imageTags: [tag] })), ...next };
    },
    describedImage: async () => ({ imageDetails: [] }),
    batchGetImage: async (_repository, ids) => {
      calls.push("BatchGetImage");
      if (ids.length > maxBatch) throw new RegistryError("RESPONSE_TOO_LARGE");
      const images = ids.flatMap((id) => {
        const imageDigest = tags.get(id) ?? id;
        const imageManifest = manifests.get(imageDigest);
        const imageId = tags.has(id) ? { imageDigest, imageTag: id } : { imageDigest };
        return imageManifest === undefined ? [] : [{ imageId, imageManifest }];
      });
      return { images };
    },
  };
  const catalog = new EcrApiCatalog({
    api,
    endpoint,
    http: new SafeHttp(),
    configs: new ConfigCache(),
    failureContext: (facts) => ({ host, accountId, region, partition, accessKeyId: "…", ...facts }),
  });
  return { catalog, calls, manifests, tags };
}

describe("the number of calls", () => {
  test.each([
    [100, 4],
    [1000, 31],
    [2500, 3 + 25 + 50],
  ])("%i tags of two platforms take %i", async (count, expected) => {
    const { catalog, calls } = makeCatalog(count);
    const tags = await catalog.listTags("team/base");
    const images = await catalog.resolveMany(
      "team/base",
      tags.map(({ tag }) => tag),
    );
    expect(images.size).toBe(count);
    expect(calls).toHaveLength(expected);
  });

  test("asking twice for one tag asks once", async () => {
    const { catalog, calls } = makeCatalog(1);
    await catalog.manifests("team/base", ["v0", "v0"]);
    expect(calls).toHaveLength(1);
  });
});

describe("what comes back", () => {
  test("a batch too large for one answer is halved until it fits", async () => {
    const { catalog } = makeCatalog(40, { maxBatch: 7 });
    const ids = Array.from({ length: 40 }, (_, i) => `v${i}`);
    const manifests = await catalog.manifests("team/base", ids);
    expect([...manifests.keys()]).toEqual(ids);
    expect([...manifests.values()].some((manifest) => manifest instanceof RegistryError)).toBe(false);
  });

  test("a single manifest too large is an error", async () => {
    const { catalog } = makeCatalog(1, { maxBatch: 0 });
    await expect(catalog.manifests("team/base", ["v0"])).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  });

  test("a manifest that is not what its digest names fails alone", async () => {
    const { catalog, manifests, tags } = makeCatalog(2);
    manifests.set(tags.get("v0") ?? "", '{"schemaVersion":2}');
    const found = await catalog.resolveMany("team/base", ["v0", "v1"]);
    expect(found.get("v0")).toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(found.get("v1")).toMatchObject({ images: [{}, {}] });
  });

  test("a platform whose manifest is gone is left out; when all are gone, that is told", async () => {
    const { catalog, manifests, tags } = makeCatalog(1);
    const index = JSON.parse(manifests.get(tags.get("v0") ?? "") ?? "") as { manifests: { digest: string }[] };
    manifests.delete(index.manifests[0]!.digest);
    const { images } = await catalog.resolve("team/base", "v0");
    expect(images.map(({ platform }) => platform?.architecture)).toEqual(["arm64"]);
    manifests.delete(index.manifests[1]!.digest);
    await expect(catalog.resolve("team/base", "v0")).rejects.toMatchObject({ code: "ECR_IMAGE_NOT_FOUND" });
  });

  test("a layer address elsewhere than this registry's storage is not followed", async () => {
    const { catalog } = makeCatalog(1);
    await expect(catalog.config("team/base", hash("x"))).rejects.toMatchObject({
      code: "REDIRECT_FORBIDDEN",
      evidence: { url: "https://evil.example" },
    });
  });
});

test("ConfigCache drops what was used least recently", () => {
  const cache = new ConfigCache(2);
  const config = {
    platform: { os: "linux", architecture: "amd64" },
    user: "",
    workingDir: "",
    env: [],
    entrypoint: [],
    cmd: [],
    labels: {},
  };
  cache.set("a", config);
  cache.set("b", config);
  cache.get("a");
  cache.set("c", config);
  expect(["a", "b", "c"].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true]);
});
