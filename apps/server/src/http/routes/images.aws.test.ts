import { randomUUID } from "node:crypto";
import type { ApiError, Client, Image } from "@berth/api";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { problemOf } from "../../testing/problem-of.ts";
import { type RegistryHarness, startRegistryHarness } from "../../testing/registry-harness.ts";

let harness: RegistryHarness;
let manager: Client;
let registryId: string;
const signal = AbortSignal.timeout(120_000);

beforeAll(async () => {
  harness = await startRegistryHarness();
  manager = (await harness.signIn("manager")).client;
  registryId = await connect();
});
afterAll(() => harness.close());
beforeEach(() => harness.sandbox.faults.clear());

function keys(policies = ["AmazonEC2ContainerRegistryReadOnly"]) {
  const { accessKeyId, secretAccessKey } = harness.sandbox.createUser({ name: `u-${randomUUID()}`, policies });
  return { accessKeyId, secretAccessKey };
}

async function connect(): Promise<string> {
  return (await manager.createRegistry({ body: newRegistry() })).id;
}

const newRegistry = () => ({ name: `registry ${randomUUID().slice(0, 8)}`, registry: harness.host, ...keys() });

/** A repository of its own with these tags, each another image. */
async function push(...tags: string[]): Promise<string> {
  const repository = `team/${randomUUID()}`;
  await harness.sandbox.pushImages(repository, tags);
  return repository;
}

async function imported(repository: string, tag = "1", into = registryId): Promise<Image> {
  return await manager.importImage({ body: { registryId: into, repository, tag } });
}

/** A workspace of an image, straight into the table: that it uses the image is all that counts here. */
async function insertWorkspace(image: Image, name: string, tag = "1"): Promise<string> {
  const { actor } = await harness.signIn("member");
  await harness.database.db
    .insertInto("workspaces")
    .values({
      id: randomUUID(),
      organization_id: harness.organizationId,
      owner_id: actor.userId,
      name,
      image_id: image.id,
      image_tag: tag,
      cpu: 1,
      memory_gb: 1,
      disk_gb: 1,
      desired: "stopped",
      status: "stopped",
    })
    .execute();
  return actor.username;
}

/** Puts a manifest of any kind under a tag. */
async function putManifest(repository: string, tag: string, mediaType: string, manifest: object): Promise<void> {
  harness.sandbox.createRepository({ name: repository });
  const authorization = await harness.sandbox.registryAuthorization();
  const headers = { authorization, "content-type": mediaType };
  const url = `${harness.sandbox.url}/v2/${repository}/manifests/${tag}`;
  const response = await fetch(url, { method: "PUT", headers, body: JSON.stringify(manifest) });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
}

async function putBlob(repository: string, text: string) {
  harness.sandbox.createRepository({ name: repository });
  const data = Buffer.from(text);
  const digest = `sha256:${Buffer.from(await crypto.subtle.digest("SHA-256", data)).toString("hex")}`;
  const authorization = await harness.sandbox.registryAuthorization();
  const url = `${harness.sandbox.url}/v2/${repository}/blobs/uploads/?digest=${digest}`;
  const response = await fetch(url, { method: "POST", headers: { authorization }, body: data });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
  return { digest, size: data.length };
}

const rowCounts = async () => {
  const { db } = harness.database;
  const tables = ["registries", "images", "image_tags", "audit_events"] as const;
  return await Promise.all(tables.map(async (table) => (await db.selectFrom(table).selectAll().execute()).length));
};

describe("importing", () => {
  it("shows what the tag is, with the sizes given", async () => {
    const repository = `team/${randomUUID()}`;
    const pushed = await harness.sandbox.pushImage(repository, "1", {
      platforms: [
        { os: "linux", architecture: "amd64" },
        { os: "linux", architecture: "arm64" },
      ],
    });
    const sourceUrl = "https://example.com/base";
    const sizes = { cpu: 2, memoryGb: 8, diskGb: 20 };
    const body = { registryId, repository, tag: "1", description: "The base", sourceUrl, ...sizes };
    const image = await manager.importImage({ body });
    expect(image).toMatchObject({
      organizationId: harness.organizationId,
      registry: { id: registryId, host: harness.host },
      repository,
      description: "The base",
      sourceUrl,
      ...sizes,
      isDeprecated: false,
      defaultTag: "1",
      workspaceCount: 0,
    });
    expect(image.tags).toEqual([
      expect.objectContaining({
        tag: "1",
        digest: pushed.digest,
        mediaType: pushed.mediaType,
        platforms: ["linux/amd64", "linux/arm64"],
        sizeBytes: expect.any(Number),
        pushedAt: expect.stringMatching(/Z$/),
        isDefault: true,
        isDecommissioned: false,
        lastFailure: null,
        workspaceCount: 0,
      }),
    ]);
    expect(await manager.getImage({ params: { imageId: image.id } })).toEqual(image);
  });

  it("reads the platform of a single-platform image", async () => {
    const repository = `team/${randomUUID()}`;
    await harness.sandbox.pushImage(repository, "1", { platform: { os: "linux", architecture: "arm64" } });
    expect((await imported(repository)).tags[0]?.platforms).toEqual(["linux/arm64"]);
  });

  it("takes a reference pasted with the registry's host", async () => {
    const repository = await push("1");
    expect((await imported(`${harness.host}/${repository}:1`)).repository).toBe(repository);
  });

  it("says that a pasted reference is of another registry", async () => {
    const body = { registryId, repository: "999999999999.dkr.ecr.us-east-1.amazonaws.com/team/base", tag: "1" };
    const problem = await problemOf(manager.importImage({ body }));
    expect(problem).toMatchObject({ code: "REQUEST_INVALID", status: 400 });
    expect(problem.detail).toContain("another registry");
  });

  it("adds a second tag to the image, and refuses the same one", async () => {
    const repository = await push("1", "2");
    const first = await imported(repository, "1");
    const body = { registryId, repository, tag: "2", description: "not this", cpu: 64 };
    const second = await manager.importImage({ body });
    expect(second).toMatchObject({ id: first.id, description: "", cpu: 4, defaultTag: "1" });
    expect(second.tags.map(({ tag }) => tag).sort()).toEqual(["1", "2"]);
    expect(await problemOf(imported(repository, "2"))).toMatchObject({
      code: "IMAGE_TAG_IMPORTED",
      status: 409,
      context: { imageId: first.id },
    });
  });

  it("keeps the same repository of two registries apart", async () => {
    const repository = await push("1");
    const other = await connect();
    expect((await imported(repository, "1", other)).id).not.toBe((await imported(repository)).id);
  });

  it("makes the registry along with the image", async () => {
    const repository = await push("1");
    const body = { newRegistry: newRegistry(), repository, tag: "1" };
    const image = await manager.importImage({ body });
    const registry = await manager.getRegistry({ params: { registryId: image.registry.id } });
    expect(registry).toMatchObject({ name: body.newRegistry.name, imageCount: 1 });
  });

  const otherOrganization = () => ({ newRegistry: undefined, registryId, organizationId: randomUUID() });

  it.each([
    ["an unknown tag", () => ({ tag: "no-such-tag" }), "ECR_IMAGE_NOT_FOUND"],
    ["an unknown repository", () => ({ repository: "no/such" }), "ECR_REPO_NOT_FOUND"],
    ["a malformed repository", () => ({ repository: "../etc" }), "REFERENCE_MALFORMED"],
    [
      "a wrong secret",
      () => ({ newRegistry: { ...newRegistry(), secretAccessKey: "x".repeat(40) } }),
      "AWS_SECRET_WRONG",
    ],
    ["keys that may do nothing", () => ({ newRegistry: { ...newRegistry(), ...keys([]) } }), "ECR_DENIED_IDENTITY"],
    [
      "a look-alike host",
      () => ({ newRegistry: { ...newRegistry(), registry: "ecr.example" } }),
      "REGISTRY_HOST_INVALID",
    ],
    ["blank keys", () => ({ newRegistry: { name: "blank", registry: harness.host } }), "ECR_ROLE_SWITCH_OFF"],
    ["another kind", () => ({ newRegistry: { ...newRegistry(), kind: "gar" as const } }), "REGISTRY_KIND_UNSUPPORTED"],
    ["a registry of another organization", otherOrganization, "NOT_FOUND"],
    ["both a saved and a new registry", () => ({ registryId }), "REQUEST_INVALID"],
    ["no registry", () => ({ newRegistry: undefined }), "REQUEST_INVALID"],
  ])("leaves nothing behind after %s", async (_, change, code) => {
    const repository = await push("1");
    const before = await rowCounts();
    const body = { newRegistry: newRegistry(), repository, tag: "1", ...change() };
    expect((await problemOf(manager.importImage({ body: body as never }))).code).toBe(code);
    expect(await rowCounts()).toEqual(before);
  });

  it("leaves no image behind when the new registry's name is taken", async () => {
    const repository = await push("1");
    const taken = await manager.createRegistry({ body: newRegistry() });
    const before = await rowCounts();
    const body = { newRegistry: { ...newRegistry(), name: taken.name }, repository, tag: "1" };
    expect((await problemOf(manager.importImage({ body }))).code).toBe("NAME_TAKEN");
    expect(await rowCounts()).toEqual(before);
  });

  it("gives a tag to one of several who import it at once", async () => {
    const repository = await push("1");
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => imported(repository)));
    const won = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const codes = outcomes.flatMap((one) => (one.status === "rejected" ? [(one.reason as ApiError).problem.code] : []));
    expect(won).toHaveLength(1);
    expect(new Set(codes)).toEqual(new Set(["IMAGE_TAG_IMPORTED"]));
    expect((await manager.listImages({ query: { repository } })).items).toEqual(won);
  });

  it("puts different tags that are imported at once into one image", async () => {
    const tags = ["1", "2", "3", "4"];
    const repository = await push(...tags);
    const images = await Promise.all(tags.map((tag) => imported(repository, tag)));
    expect(new Set(images.map(({ id }) => id)).size).toBe(1);
    const { items } = await manager.listImages({ query: { repository } });
    expect(items).toHaveLength(1);
    expect(items[0]?.tags.map(({ tag }) => tag).sort()).toEqual(tags);
  });

  it("refuses a chart", async () => {
    const repository = `charts/${randomUUID()}`;
    const config = await putBlob(repository, '{"name":"chart"}');
    const layer = await putBlob(repository, "a chart");
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    await putManifest(repository, "1", mediaType, {
      schemaVersion: 2,
      mediaType,
      config: { mediaType: "application/vnd.cncf.helm.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", ...layer }],
    });
    expect(await problemOf(imported(repository))).toMatchObject({ code: "IMAGE_NOT_RUNNABLE", status: 422 });
  });

  it("refuses an index that holds nothing but attestations", async () => {
    const repository = `team/${randomUUID()}`;
    const attestation = await harness.sandbox.pushImage(repository, "attestation");
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const answer = await harness.sandbox.callEcr("BatchGetImage", {
      repositoryName: repository,
      imageIds: [{ imageTag: "attestation" }],
    });
    const [{ imageManifest }] = answer.body.images as [{ imageManifest: string }];
    const platform = { os: "unknown", architecture: "unknown" };
    const entry = {
      mediaType: attestation.mediaType,
      digest: attestation.digest,
      size: imageManifest.length,
      platform,
    };
    await putManifest(repository, "1", mediaType, { schemaVersion: 2, mediaType, manifests: [entry] });
    expect((await problemOf(imported(repository))).code).toBe("IMAGE_NOT_RUNNABLE");
  });

  it("refuses images for other systems", async () => {
    const repository = `team/${randomUUID()}`;
    await harness.sandbox.pushImage(repository, "1", { platform: { os: "windows", architecture: "amd64" } });
    const problem = await problemOf(imported(repository));
    expect(problem.code).toBe("IMAGE_NOT_RUNNABLE");
    expect(problem.detail).toContain("windows/amd64");
  });

  it("is for importers; what they may not is refused", async () => {
    const repository = await push("1", "2");
    const { client: member } = await harness.signIn("member");
    const body = { registryId, repository, tag: "1" };
    expect((await problemOf(member.importImage({ body }))).code).toBe("FORBIDDEN");
    const { client: importer } = await harness.signIn("importer");
    const image = await importer.importImage({ body });
    const params = { imageId: image.id };
    await importer.addImageTag({ params, body: { tag: "2" } });
    const withNew = { newRegistry: newRegistry(), repository, tag: "1" };
    expect((await problemOf(importer.importImage({ body: withNew }))).code).toBe("FORBIDDEN");
    expect((await problemOf(importer.updateImage({ params, body: { cpu: 1 } }))).code).toBe("FORBIDDEN");
    expect((await problemOf(importer.deleteImage({ params }))).code).toBe("FORBIDDEN");
    const { client: outsider } = await harness.signIn();
    expect((await problemOf(outsider.getImage({ params }))).code).toBe("NOT_FOUND");
    expect((await problemOf(outsider.importImage({ body }))).code).toBe("NOT_FOUND");
    expect((await problemOf(outsider.listImages({}))).code).toBe("NOT_FOUND");
  });
});

describe("changing an image", () => {
  it("changes what is given and keeps the rest, with one audit row", async () => {
    const image = await imported(await push("1"));
    const params = { imageId: image.id };
    const changed = await manager.updateImage({ params, body: { description: "New\nwords", cpu: 1.5 } });
    expect(changed).toMatchObject({ description: "New\nwords", cpu: 1.5, memoryGb: 4, diskGb: 10 });
    expect(await manager.updateImage({ params, body: { isDeprecated: true } })).toMatchObject({ isDeprecated: true });
    const rows = await harness.database.db
      .selectFrom("audit_events")
      .select(["action", "changes"])
      .where("target_id", "=", image.id)
      .orderBy("time")
      .execute();
    expect(rows.map(({ action }) => action)).toEqual(["image.import", "image.update", "image.update"]);
    expect(rows[1]?.changes).toEqual({
      description: { from: "", to: "New\nwords" },
      cpu: { from: 4, to: 1.5 },
    });
  });

  it("offers another tag, as the default when asked to", async () => {
    const image = await imported(await push("1", "2", "3"));
    const params = { imageId: image.id };
    expect(await manager.addImageTag({ params, body: { tag: "2" } })).toMatchObject({ defaultTag: "1" });
    const changed = await manager.addImageTag({ params, body: { tag: "3", isDefault: true } });
    expect(changed.defaultTag).toBe("3");
    expect(changed.tags.map(({ tag, isDefault }) => [tag, isDefault])[0]).toEqual(["3", true]);
    const again = manager.addImageTag({ params, body: { tag: "2" } });
    expect((await problemOf(again)).code).toBe("IMAGE_TAG_IMPORTED");
    const unknown = manager.addImageTag({ params, body: { tag: "9" } });
    expect((await problemOf(unknown)).code).toBe("ECR_IMAGE_NOT_FOUND");
  });

  it("takes as default only a tag that it offers and that is in use", async () => {
    const image = await imported(await push("1", "2"));
    const params = { imageId: image.id };
    const missing = await problemOf(manager.updateImage({ params, body: { defaultTag: "2" } }));
    expect(missing).toMatchObject({ code: "IMAGE_TAG_NOT_FOUND", status: 404 });
    await manager.addImageTag({ params, body: { tag: "2" } });
    await harness.database.db
      .updateTable("image_tags")
      .set({ is_decommissioned: true })
      .where("image_id", "=", image.id)
      .where("tag", "=", "2")
      .execute();
    expect((await problemOf(manager.updateImage({ params, body: { defaultTag: "2" } }))).code).toBe(
      "IMAGE_TAG_DECOMMISSIONED",
    );
  });

  it("stops offering a tag, but not the default one nor one that workspaces use", async () => {
    const image = await imported(await push("1", "2", "3"));
    const params = { imageId: image.id };
    for (const tag of ["2", "3"]) await manager.addImageTag({ params, body: { tag } });
    const owner = await insertWorkspace(image, "dev", "2");
    const remove = (tag: string) => manager.removeImageTag({ params: { ...params, tag } });
    expect((await problemOf(remove("1"))).code).toBe("IMAGE_TAG_IS_DEFAULT");
    expect((await problemOf(remove("9"))).code).toBe("IMAGE_TAG_NOT_FOUND");
    const used = await problemOf(remove("2"));
    expect(used).toMatchObject({ code: "IMAGE_TAG_IN_USE", context: { workspaces: ["dev"], count: 1 } });
    expect(used.detail).toContain(`dev (${owner})`);
    await remove("3");
    const left = await manager.getImage({ params });
    expect(left.tags.map(({ tag, workspaceCount }) => [tag, workspaceCount])).toEqual([
      ["1", 0],
      ["2", 1],
    ]);
    expect(left.workspaceCount).toBe(1);
  });

  it("is removed only when no workspace uses it", async () => {
    const image = await imported(await push("1"));
    await insertWorkspace(image, "dev");
    const params = { imageId: image.id };
    expect(await problemOf(manager.deleteImage({ params }))).toMatchObject({
      code: "IMAGE_IN_USE",
      context: { workspaces: ["dev"], count: 1 },
    });
    await harness.database.db.deleteFrom("workspaces").where("image_id", "=", image.id).execute();
    await manager.deleteImage({ params });
    expect((await problemOf(manager.getImage({ params }))).code).toBe("NOT_FOUND");
  });
});

describe("refreshing an image", () => {
  it("notices what moved and what is gone, one failing tag stopping no other", async () => {
    const tags = ["stays", "moves", "goes"];
    const repository = await push(...tags);
    const before = await imported(repository, "stays");
    const params = { imageId: before.id };
    for (const tag of ["moves", "goes"]) await manager.addImageTag({ params, body: { tag } });
    const stood = await manager.getImage({ params });
    const digestOf = (image: Image, tag: string) => image.tags.find((one) => one.tag === tag)?.digest;
    const moved = await harness.sandbox.pushImage(repository, "moves", { config: { Labels: { v: "2" } } });
    const gone = { repositoryName: repository, imageIds: [{ imageTag: "goes" }] };
    expect((await harness.sandbox.callEcr("BatchDeleteImage", gone)).status).toBe(200);

    const after = await manager.refreshImage({ params });
    expect(digestOf(after, "stays")).toBe(digestOf(stood, "stays"));
    expect(digestOf(after, "moves")).toBe(moved.digest);
    expect(digestOf(after, "goes")).toBe(digestOf(stood, "goes"));
    const tag = (name: string) => after.tags.find((one) => one.tag === name);
    expect(tag("goes")?.lastFailure).toMatchObject({ code: "ECR_IMAGE_NOT_FOUND" });
    expect(tag("stays")?.lastFailure).toBeNull();
    expect(tag("moves")?.platforms).toEqual(["linux/amd64"]);
    const changedAt = (image: Image, name: string) => image.tags.find((one) => one.tag === name)?.digestChangedAt;
    expect(changedAt(after, "stays")).toBe(changedAt(stood, "stays"));
    expect(changedAt(after, "moves")).not.toBe(changedAt(stood, "moves"));
  });

  it("asks a handful of times for a hundred tags", async () => {
    const tags = Array.from({ length: 100 }, (_, i) => `t${i}`);
    const image = await imported(await push(...tags), "t0");
    const params = { imageId: image.id };
    for (const tag of tags.slice(1)) await manager.addImageTag({ params, body: { tag } });
    const before = harness.upstreamCalls.length;
    const after = await manager.refreshImage({ params });
    expect(after.tags.every(({ lastFailure }) => lastFailure === null)).toBe(true);
    expect(harness.upstreamCalls.length - before).toBeLessThanOrEqual(5);
  });

  it("says why nothing could be asked, on every tag and in the answer", async () => {
    const image = await imported(await push("1"), "1", await connect());
    const params = { imageId: image.id };
    await manager.updateRegistry({
      params: { registryId: image.registry.id },
      body: { ...keys(), secretAccessKey: "x".repeat(40) },
    });
    expect((await problemOf(manager.refreshImage({ params }))).code).toBe("AWS_SECRET_WRONG");
    const after = await manager.getImage({ params });
    expect(after.tags[0]).toMatchObject({
      digest: image.tags[0]?.digest,
      lastFailure: { code: "AWS_SECRET_WRONG", fix: { text: expect.any(String) } },
    });
  });
});

describe("listing images", () => {
  it("searches repository, description, registry and tags, by pages", async () => {
    const word = `w${randomUUID().slice(0, 8)}`;
    const [one, two] = [await push("1"), await push("1", word)];
    await manager.importImage({ body: { registryId, repository: one, tag: "1", description: `about ${word}` } });
    const found = await imported(two);
    await manager.addImageTag({ params: { imageId: found.id }, body: { tag: word } });
    const search = async (text: string) => (await manager.listImages({ query: { search: text } })).items;
    expect((await search(word.toUpperCase())).map(({ repository }) => repository)).toEqual([one, two].sort());
    expect(await search("%")).toEqual([]);
    const first = await manager.listImages({ query: { search: word, limit: 1 } });
    expect(first.items).toHaveLength(1);
    const second = await manager.listImages({ query: { search: word, limit: 1, cursor: first.nextCursor ?? "" } });
    expect([...first.items, ...second.items].map(({ repository }) => repository)).toEqual([one, two].sort());
    expect(second.nextCursor).toBeUndefined();
  });
});

describe("the source of workspaces' images", () => {
  it("resolves a tag now and keeps what it found", async () => {
    const repository = await push("1");
    const image = await imported(repository);
    await harness.wired.imageSource.resolveTag(image.id, "1", signal);
    const [unmoved] = (await manager.getImage({ params: { imageId: image.id } })).tags;
    expect(unmoved).toMatchObject({ digest: image.tags[0]?.digest, pushedAt: image.tags[0]?.pushedAt });
    const moved = await harness.sandbox.pushImage(repository, "1", { config: { Labels: { v: "2" } } });
    const facts = await harness.wired.imageSource.resolveTag(image.id, "1", signal);
    expect(facts).toMatchObject({ digest: moved.digest, platforms: ["linux/amd64"] });
    expect((await manager.getImage({ params: { imageId: image.id } })).tags[0]?.digest).toBe(moved.digest);
  });

  it("keeps a failure with the tag", async () => {
    const repository = await push("1");
    const image = await imported(repository);
    await harness.sandbox.callEcr("BatchDeleteImage", { repositoryName: repository, imageIds: [{ imageTag: "1" }] });
    await expect(harness.wired.imageSource.resolveTag(image.id, "1", signal)).rejects.toMatchObject({
      code: "ECR_IMAGE_NOT_FOUND",
    });
    const [tag] = (await manager.getImage({ params: { imageId: image.id } })).tags;
    expect(tag?.lastFailure?.code).toBe("ECR_IMAGE_NOT_FOUND");
    await expect(harness.wired.imageSource.resolveTag(image.id, "2", signal)).rejects.toMatchObject({
      code: "IMAGE_TAG_NOT_FOUND",
    });
  });

  it("pulls by digest from where the operator mapped the account, under the name people know", async () => {
    const image = await imported(await push("1"));
    const digest = image.tags[0]?.digest ?? "";
    const source = await harness.wired.imageSource.pullSource(image.id, "1", digest);
    expect(source).toEqual({
      reference: `${harness.host}/${image.repository}:1`,
      digest,
      pullRepository: `${harness.sandbox.host}/${image.repository}`,
    });
    const credential = await harness.wired.imageSource.pullCredential(image.id, signal);
    expect(credential.expiresAt.getTime() - Date.now()).toBeGreaterThan(60 * 60_000);
    const authorization = `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString("base64")}`;
    const url = `${harness.sandbox.url}/v2/${image.repository}/manifests/${digest}`;
    expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
  });

  it("gets one token for all who ask at once, on two servers", async () => {
    const image = await imported(await push("1"), "1", await connect());
    const other = await harness.openReplica();
    const before = harness.upstreamCalls.length;
    const credentials = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        (i % 2 ? harness.wired : other.wired).imageSource.pullCredential(image.id, signal),
      ),
    );
    expect(new Set(credentials.map(({ password }) => password)).size).toBe(1);
    const tokens = [...harness.upstreamCalls.slice(before), ...other.upstreamCalls];
    expect(tokens.filter((operation) => operation === "GetAuthorizationToken")).toHaveLength(1);
    await other.close();
  });

  it("asks for a fresh token after a purge and after new keys", async () => {
    const image = await imported(await push("1"), "1", await connect());
    const take = async () => (await harness.wired.imageSource.pullCredential(image.id, signal)).password;
    const first = await take();
    expect(await take()).toBe(first);
    await harness.wired.imageSource.purge(image.id);
    const second = await take();
    expect(second).not.toBe(first);
    const storedTokens = () => harness.database.db.selectFrom("registry_tokens").select("id").execute();
    const stored = await storedTokens();
    await manager.updateRegistry({ params: { registryId: image.registry.id }, body: keys([]) });
    expect(await storedTokens()).toHaveLength(stored.length - 1);
    await expect(take()).rejects.toMatchObject({ code: "ECR_NO_TOKEN_PERM" });
  });
});
