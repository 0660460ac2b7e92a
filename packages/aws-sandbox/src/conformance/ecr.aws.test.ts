import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsCli, awsCliJson, type CliIdentity } from "../testing/aws-cli.ts";
import { startTestSandbox, type TestSandbox } from "../testing/index.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  await sandbox.pushImages(
    "team/base",
    Array.from({ length: 120 }, (_, i) => `v${i}`),
  );
});
afterAll(() => sandbox.close());

const refusal = async (args: string[], as: CliIdentity, region?: string) =>
  (await awsCli(sandbox, args, { as, ...(region === undefined ? {} : { region }) })).stderr.trim();

test("the steps of the article: a user, a policy, a key, and what the key shows", async () => {
  const operator = { as: sandbox.operator };
  await awsCliJson(sandbox, ["iam", "create-user", "--user-name", "berth"], operator);
  const policyArn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
  await awsCliJson(sandbox, ["iam", "attach-user-policy", "--user-name", "berth", "--policy-arn", policyArn], operator);
  type Created = { AccessKey: { AccessKeyId: string; SecretAccessKey: string } };
  const { AccessKey } = await awsCliJson<Created>(
    sandbox,
    ["iam", "create-access-key", "--user-name", "berth"],
    operator,
  );
  const as = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
  const ecr = <T>(...args: string[]) => awsCliJson<T>(sandbox, ["ecr", ...args], { as });

  expect(await ecr("describe-repositories")).toMatchObject({
    repositories: [
      { repositoryUri: "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/base", imageTagMutability: "MUTABLE" },
    ],
  });
  const base = ["--repository-name", "team/base"];
  expect((await ecr<{ imageIds: [] }>("list-images", ...base)).imageIds).toHaveLength(120);
  expect((await ecr<{ imageDetails: [] }>("describe-images", ...base, "--page-size", "50")).imageDetails).toHaveLength(
    120,
  );
  const got = await ecr<{ images: { imageManifest: string }[]; failures: unknown[] }>(
    "batch-get-image",
    ...base,
    "--image-ids",
    "imageTag=v7",
    "imageTag=none",
  );
  const manifest = JSON.parse(got.images[0]!.imageManifest) as { layers: { digest: string }[] };
  expect(got.failures).toEqual([
    { imageId: { imageTag: "none" }, failureCode: "ImageNotFound", failureReason: "Requested image not found" },
  ]);
  const layer = manifest.layers[0]!.digest;
  expect(await ecr("batch-check-layer-availability", ...base, "--layer-digests", layer)).toMatchObject({
    layers: [{ layerAvailability: "AVAILABLE" }],
  });
  const { downloadUrl } = await ecr<{ downloadUrl: string }>(
    "get-download-url-for-layer",
    ...base,
    "--layer-digest",
    layer,
  );
  expect((await fetch(downloadUrl)).status).toBe(200);
  const password = (await awsCli(sandbox, ["ecr", "get-login-password"], { as })).stdout.trim();
  const authorization = `Basic ${Buffer.from(`AWS:${password}`).toString("base64")}`;
  expect((await fetch(`${sandbox.url}/v2/team/base/manifests/v7`, { headers: { authorization } })).status).toBe(200);
  expect(await refusal(["ecr", "delete-repository", ...base, "--force"], as)).toContain("(AccessDeniedException)");
});

test("repositories are made, governed and deleted", async () => {
  const ecr = <T>(...args: string[]) => awsCliJson<T>(sandbox, ["ecr", ...args], { as: sandbox.operator });
  const named = ["--repository-name", "team/short"];
  await ecr("create-repository", ...named, "--image-tag-mutability", "IMMUTABLE");
  const policy = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: ["ecr:BatchGetImage"] }],
  };
  await ecr("set-repository-policy", ...named, "--policy-text", JSON.stringify(policy));
  const { policyText } = await ecr<{ policyText: string }>("get-repository-policy", ...named);
  expect(JSON.parse(policyText)).toEqual(policy);
  await ecr("delete-repository-policy", ...named);
  await sandbox.pushImage("team/short", "1");
  expect(await refusal(["ecr", "delete-repository", ...named], sandbox.operator)).toContain(
    "(RepositoryNotEmptyException)",
  );
  expect(await ecr("batch-delete-image", ...named, "--image-ids", "imageTag=1")).toMatchObject({
    failures: [],
    imageIds: [{ imageTag: "1" }],
  });
  await ecr("delete-repository", ...named);
  expect(await refusal(["ecr", "list-images", ...named], sandbox.operator)).toBe(
    "An error occurred (RepositoryNotFoundException) when calling the ListImages operation: The repository with name 'team/short' does not exist in the registry with id '000000000000'",
  );
});

describe("keys that will not do", () => {
  const unknown = { accessKeyId: "AKIAAAAAAAAAAAAAAAAA", secretAccessKey: "x" };

  test.each([
    [
      "an unknown key",
      () => unknown,
      "(UnrecognizedClientException)",
      "The security token included in the request is invalid.",
    ],
    [
      "a wrong secret",
      () => ({ ...sandbox.developer, secretAccessKey: "x" }),
      "(InvalidSignatureException)",
      "does not match the signature you provided",
    ],
    [
      "no permission",
      () => sandbox.createUser({ name: "bare" }),
      "(AccessDeniedException)",
      "is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action",
    ],
  ])("%s", async (_, identity, code, message) => {
    const answer = await refusal(["ecr", "get-login-password"], identity());
    expect(answer).toContain(code);
    expect(answer).toContain(message);
  });

  test("a clock that is wrong by more than five minutes", async () => {
    const fast = await startTestSandbox();
    fast.advance(6 * 60_000);
    const { stderr } = await awsCli(fast, ["ecr", "describe-repositories"], { as: fast.operator });
    expect(stderr).toMatch(
      /\(InvalidSignatureException\).* Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)/,
    );
    await fast.close();
  });

  test("a signature for another region than the one whose name was asked", async () => {
    const proxied = { as: sandbox.operator, env: { HTTP_PROXY: sandbox.url } };
    const at = (region: string) => [
      "--endpoint-url",
      "http://api.ecr.eu-west-1.amazonaws.com",
      "--region",
      region,
      "ecr",
      "describe-repositories",
    ];
    expect((await awsCli(sandbox, at("us-east-1"), proxied)).stderr).toContain(
      "(InvalidSignatureException) when calling the DescribeRepositories operation: Credential should be scoped to a valid region, not 'us-east-1'.",
    );
    expect(await awsCliJson(sandbox, at("eu-west-1"), proxied)).toEqual({ repositories: [] });
  });
});
