import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestSandbox, type TestSandbox } from "../testing/index.ts";
import { rawRequest } from "../testing/raw-request.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  await sandbox.pushImages(
    "team/many",
    Array.from({ length: 130 }, (_, i) => `v${i}`),
  );
  await sandbox.pushImage("team/index", "multi", {
    platforms: [
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
    ],
  });
});
afterAll(() => sandbox.close());

const many = { repositoryName: "team/many" };
type Rows = { imageIds: { imageTag?: string; imageDigest: string }[]; nextToken?: string };

describe("paging", () => {
  test("gives 100 rows at first and the rest by the token", async () => {
    const first = (await sandbox.callEcr("ListImages", many)).body as Rows;
    expect(first.imageIds).toHaveLength(100);
    const second = (await sandbox.callEcr("ListImages", { ...many, nextToken: first.nextToken })).body as Rows;
    expect(second.imageIds).toHaveLength(30);
    expect(second.nextToken).toBeUndefined();
    const tags = [...first.imageIds, ...second.imageIds].map((row) => row.imageTag);
    expect(new Set(tags).size).toBe(130);
  });

  test("takes 1000 a page and not one more", async () => {
    expect((await sandbox.callEcr("DescribeImages", { ...many, maxResults: 1000 })).body.imageDetails).toHaveLength(
      130,
    );
    expect(await sandbox.callEcr("DescribeImages", { ...many, maxResults: 1001 })).toMatchObject({
      status: 400,
      body: { __type: "InvalidParameterException", message: expect.stringContaining("less than or equal to 1000") },
    });
    expect((await sandbox.callEcr("ListImages", { ...many, maxResults: 0 })).body.__type).toBe(
      "InvalidParameterException",
    );
  });

  test("refuses a token of another request, operation or region, and one it never gave", async () => {
    const { nextToken } = (await sandbox.callEcr("ListImages", { ...many, maxResults: 5 })).body as Rows;
    const refused = { status: 400, body: { __type: "InvalidParameterException" } };
    const filter = { tagStatus: "TAGGED" };
    expect(await sandbox.callEcr("ListImages", { ...many, filter, nextToken })).toMatchObject(refused);
    expect(await sandbox.callEcr("DescribeImages", { ...many, nextToken })).toMatchObject(refused);
    expect(await sandbox.callEcr("ListImages", { ...many, nextToken: "bm8=" })).toMatchObject(refused);
    expect((await sandbox.callEcr("ListImages", { ...many, maxResults: 10, nextToken })).status).toBe(200);
  });

  test("is not for repositories or images asked by name", async () => {
    for (const [operation, input] of [
      ["DescribeRepositories", { repositoryNames: ["team/many"], maxResults: 1 }],
      ["DescribeImages", { ...many, imageIds: [{ imageTag: "v1" }], maxResults: 1 }],
    ] as const) {
      expect((await sandbox.callEcr(operation, input)).body.__type).toBe("InvalidParameterException");
    }
  });
});

describe("BatchGetImage", () => {
  test("answers each id by itself, found or not", async () => {
    const imageIds = [
      { imageTag: "v1" },
      { imageTag: "gone" },
      { imageDigest: "sha256:zz" },
      {},
      { imageTag: "v1", imageDigest: `sha256:${"0".repeat(64)}` },
    ];
    const { status, body } = await sandbox.callEcr("BatchGetImage", { ...many, imageIds });
    expect(status).toBe(200);
    expect(body.images).toHaveLength(1);
    expect((body.failures as { failureCode: string }[]).map(({ failureCode }) => failureCode)).toEqual([
      "ImageNotFound",
      "InvalidImageDigest",
      "MissingDigestAndTag",
      "ImageNotFound",
    ]);
  });

  test("takes 100 ids and not one more", async () => {
    const ids = (length: number) => Array.from({ length }, (_, i) => ({ imageTag: `v${i}` }));
    expect((await sandbox.callEcr("BatchGetImage", { ...many, imageIds: ids(100) })).body.images).toHaveLength(100);
    expect((await sandbox.callEcr("BatchGetImage", { ...many, imageIds: ids(101) })).body.__type).toBe(
      "InvalidParameterException",
    );
  });

  test("gives an index, and its children by digest; DescribeImages lists them untagged", async () => {
    const index = { repositoryName: "team/index" };
    const { images } = (await sandbox.callEcr("BatchGetImage", { ...index, imageIds: [{ imageTag: "multi" }] }))
      .body as {
      images: { imageManifest: string; imageManifestMediaType: string }[];
    };
    expect(images[0]!.imageManifestMediaType).toBe("application/vnd.oci.image.index.v1+json");
    const children = (JSON.parse(images[0]!.imageManifest) as { manifests: { digest: string }[] }).manifests;
    const imageIds = children.map(({ digest }) => ({ imageDigest: digest }));
    expect((await sandbox.callEcr("BatchGetImage", { ...index, imageIds })).body.images).toHaveLength(2);
    const untagged = await sandbox.callEcr("DescribeImages", { ...index, filter: { tagStatus: "UNTAGGED" } });
    expect(untagged.body.imageDetails).toHaveLength(2);
    expect(await sandbox.callEcr("BatchDeleteImage", { ...index, imageIds })).toMatchObject({
      body: {
        failures: [{ failureCode: "ImageReferencedByManifestList" }, { failureCode: "ImageReferencedByManifestList" }],
      },
    });
  });
});

describe("refusals", () => {
  test.each([
    ["ListImages", { repositoryName: "team/none" }, "RepositoryNotFoundException"],
    ["DescribeRepositories", { repositoryNames: ["team/many", "team/none"] }, "RepositoryNotFoundException"],
    ["DescribeImages", { ...many, imageIds: [{ imageTag: "none" }] }, "ImageNotFoundException"],
    ["ListImages", { repositoryName: "../etc" }, "InvalidParameterException"],
    ["ListImages", { repositoryName: "Team/Base" }, "InvalidParameterException"],
    ["ListImages", { repositoryName: "x".repeat(10_000) }, "InvalidParameterException"],
    ["ListImages", { repositoryName: "team/😀" }, "InvalidParameterException"],
    ["ListImages", {}, "InvalidParameterException"],
    ["ListImages", { repositoryName: 7 }, "SerializationException"],
    ["ListImages", { ...many, registryId: "12" }, "InvalidParameterException"],
    ["CreateRepository", many, "RepositoryAlreadyExistsException"],
    ["DeleteRepository", many, "RepositoryNotEmptyException"],
    ["GetDownloadUrlForLayer", { ...many, layerDigest: `sha256:${"0".repeat(64)}` }, "LayersNotFoundException"],
    ["GetRepositoryPolicy", many, "RepositoryPolicyNotFoundException"],
    ["PutImageTagMutability", many, "InvalidParameterException"],
    ["SetRepositoryPolicy", { ...many, policyText: "{}" }, "InvalidParameterException"],
    ["InventThings", {}, "UnknownOperationException"],
  ])("%s %j answers %s", async (operation, input, code) => {
    expect(await sandbox.callEcr(operation, input)).toMatchObject({ status: 400, body: { __type: code } });
  });

  test("come in ECR's own shape, whatever is wrong with the signature", async () => {
    const target = "AmazonEC2ContainerRegistry_V20150921.ListImages";
    const host = "api.ecr.us-east-1.amazonaws.com";
    const answer = await rawRequest(sandbox.port, {
      method: "POST",
      path: "/",
      host,
      headers: { "x-amz-target": target },
      body: "{}",
    });
    expect(answer.status).toBe(400);
    expect(answer.headers["x-amzn-requestid"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(answer.body.toString())).toEqual({
      __type: "MissingAuthenticationTokenException",
      message: "Missing Authentication Token",
    });
    const expired = await startTestSandbox();
    const key = expired.createUser({ name: "late" });
    expired.setKeyStatus(key, "Inactive");
    expect((await expired.callEcr("ListImages", many, { key })).body.__type).toBe("UnrecognizedClientException");
    await expired.close();
  });

  test("a body beyond any manifest is refused before it is read whole", async () => {
    const headers = { "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.PutImage" };
    const body = Buffer.alloc(17 * 1024 * 1024, 0x20);
    const answer = await rawRequest(sandbox.port, { method: "POST", path: "/", headers, body }).catch(() => undefined);
    if (answer) expect(answer.status).toBe(413);
    expect((await sandbox.callEcr("DescribeRepositories")).status).toBe(200);
  });
});

describe("permissions", () => {
  const browse = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "ecr:*", Resource: "arn:aws:ecr:*:*:repository/team/index" }],
  };

  test("a key for one repository sees that one and may not list all", async () => {
    const key = sandbox.createUser({ name: "narrow", inline: { browse } });
    const named = await sandbox.callEcr("DescribeRepositories", { repositoryNames: ["team/index"] }, { key });
    expect(named.status).toBe(200);
    expect((await sandbox.callEcr("DescribeRepositories", {}, { key })).body.message).toContain(
      "is not authorized to perform: ecr:DescribeRepositories on resource: arn:aws:ecr:us-east-1:000000000000:repository/* because no identity-based policy allows",
    );
  });

  test("are asked before existence is told", async () => {
    const key = sandbox.createUser({ name: "blind", inline: { browse } });
    const answer = await sandbox.callEcr("ListImages", { repositoryName: "team/secret" }, { key });
    expect(answer.body.__type).toBe("AccessDeniedException");
  });

  test("another account needs the repository's policy and its own", async () => {
    const readOnly = ["AmazonEC2ContainerRegistryReadOnly"];
    const guest = sandbox.createUser({ name: "guest", account: "111111111111", policies: readOnly });
    const poor = sandbox.createUser({ name: "poor", account: "111111111111" });
    const input = { ...many, registryId: "000000000000" };
    const ask = async (key: typeof guest) => (await sandbox.callEcr("ListImages", input, { key })).body;
    expect((await ask(guest)).message).toContain("because no resource-based policy allows the ecr:ListImages action");
    const policyText = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS: "arn:aws:iam::111111111111:root" }, Action: "ecr:ListImages" }],
    });
    await sandbox.callEcr("SetRepositoryPolicy", { ...many, policyText });
    expect((await ask(guest)).imageIds).toHaveLength(100);
    expect((await ask(poor)).message).toContain("because no identity-based policy allows the ecr:ListImages action");
    expect((await sandbox.callEcr("ListImages", many, { key: guest })).body.__type).toBe("RepositoryNotFoundException");
    await sandbox.callEcr("DeleteRepositoryPolicy", many);
  });

  test("may depend on the tags of a repository", async () => {
    const Condition = { StringEquals: { "ecr:ResourceTag/team": "blue" } };
    const blue = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "ecr:ListImages", Resource: "*", Condition }],
    };
    const key = sandbox.createUser({ name: "blue", inline: { blue } });
    const tags = [{ Key: "team", Value: "blue" }];
    await sandbox.callEcr("CreateRepository", { repositoryName: "tagged/blue", tags });
    await sandbox.callEcr("CreateRepository", { repositoryName: "tagged/red" });
    const ask = async (repositoryName: string) =>
      (await sandbox.callEcr("ListImages", { repositoryName }, { key })).status;
    expect([await ask("tagged/blue"), await ask("tagged/red")]).toEqual([200, 400]);
    const resourceArn = "arn:aws:ecr:us-east-1:000000000000:repository/tagged/red";
    await sandbox.callEcr("TagResource", { resourceArn, tags });
    expect((await sandbox.callEcr("ListTagsForResource", { resourceArn })).body).toEqual({ tags });
    expect(await ask("tagged/red")).toBe(200);
    await sandbox.callEcr("UntagResource", { resourceArn, tagKeys: ["team"] });
    expect(await ask("tagged/red")).toBe(400);
  });

  test("the log tells who asked, what was decided and by which statement", async () => {
    sandbox.clearLog();
    await sandbox.callEcr("ListImages", many, { key: sandbox.developer });
    await sandbox.callEcr("DeleteRepository", many, { key: sandbox.developer });
    const [allowed, denied] = sandbox.log();
    expect(allowed).toMatchObject({
      operation: "ListImages",
      status: 200,
      principal: "arn:aws:iam::000000000000:user/developer",
      decisions: [
        { outcome: "allowed", trace: [{ policy: "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly" }] },
      ],
    });
    expect(denied).toMatchObject({
      status: 400,
      errorCode: "AccessDenied",
      decisions: [{ outcome: "denied", trace: [] }],
    });
    expect(JSON.stringify(sandbox.log())).not.toContain(sandbox.developer.secretAccessKey);
  });
});

test("regions are worlds of their own", async () => {
  await sandbox.callEcr("CreateRepository", { repositoryName: "far" }, { region: "eu-west-1" });
  const names = async (region: string) =>
    (
      (await sandbox.callEcr("DescribeRepositories", {}, { region })).body.repositories as { repositoryUri: string }[]
    ).map(({ repositoryUri }) => repositoryUri);
  expect(await names("eu-west-1")).toEqual(["000000000000.dkr.ecr.eu-west-1.amazonaws.com/far"]);
  expect(await names("us-east-1")).not.toContain("000000000000.dkr.ecr.us-east-1.amazonaws.com/far");
});
