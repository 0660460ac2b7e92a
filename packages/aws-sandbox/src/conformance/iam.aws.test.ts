import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AwsCliOptions, awsCli, awsCliJson } from "../testing/aws-cli.ts";
import { startTestSandbox, type TestSandbox } from "../testing/index.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.close());

const readOnly = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
const iam = <T = unknown>(...args: string[]) => awsCliJson<T>(sandbox, ["iam", ...args], { as: sandbox.operator });
const refused = async (args: string[], options: Partial<AwsCliOptions> = {}) =>
  (await awsCli(sandbox, args, { as: sandbox.operator, ...options })).stderr.trim();

describe("aws iam", () => {
  test("makes users, and shows, lists and deletes them", async () => {
    const { User } = await iam<{ User: { Arn: string } }>("create-user", "--user-name", "ann", "--path", "/team/");
    expect(User.Arn).toBe("arn:aws:iam::000000000000:user/team/ann");
    expect(await iam("get-user", "--user-name", "ann")).toEqual({ User });
    expect(await refused(["iam", "create-user", "--user-name", "ANN"])).toBe(
      "An error occurred (EntityAlreadyExists) when calling the CreateUser operation: User with name ANN already exists.",
    );
    const listed = await iam<{ Users: { UserName: string }[] }>("list-users", "--page-size", "1");
    expect(listed.Users.map((user) => user.UserName)).toEqual(["ann", "berth-sandbox-admin", "developer"]);
    await iam("delete-user", "--user-name", "ann");
    expect(await refused(["iam", "get-user", "--user-name", "ann"])).toContain("(NoSuchEntity)");
  });

  test("gives a user two keys at most, which can be put to rest and deleted", async () => {
    await iam("create-user", "--user-name", "bea");
    type Created = { AccessKey: { AccessKeyId: string; SecretAccessKey: string } };
    const create = () => iam<Created>("create-access-key", "--user-name", "bea");
    const [{ AccessKey: key }] = [await create(), await create()];
    const as = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
    expect(await refused(["iam", "create-access-key", "--user-name", "bea"])).toContain("(LimitExceeded)");
    const whoAmI = () => awsCli(sandbox, ["sts", "get-caller-identity"], { as });
    expect(JSON.parse((await whoAmI()).stdout)).toMatchObject({
      Arn: "arn:aws:iam::000000000000:user/bea",
      Account: "000000000000",
    });
    const ofBea = ["--user-name", "bea", "--access-key-id", key.AccessKeyId];
    await iam("update-access-key", ...ofBea, "--status", "Inactive");
    expect((await whoAmI()).stderr).toContain("(InvalidClientTokenId)");
    await iam("update-access-key", ...ofBea, "--status", "Active");
    expect((await whoAmI()).code).toBe(0);
    await iam("delete-access-key", ...ofBea);
    const left = await iam<{ AccessKeyMetadata: { Status: string }[] }>("list-access-keys", "--user-name", "bea");
    expect(left.AccessKeyMetadata).toEqual([expect.objectContaining({ UserName: "bea", Status: "Active" })]);
    expect(await refused(["iam", "delete-user", "--user-name", "bea"])).toContain("(DeleteConflict)");
  });

  test("keeps inline policies, attached ones and the account's own", async () => {
    await iam("create-user", "--user-name", "cem");
    const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ecr:*", Resource: "*" }] };
    const text = JSON.stringify(document);
    await iam("put-user-policy", "--user-name", "cem", "--policy-name", "inline", "--policy-document", text);
    expect(await iam("get-user-policy", "--user-name", "cem", "--policy-name", "inline")).toMatchObject({
      PolicyDocument: document,
    });
    expect(await iam("list-user-policies", "--user-name", "cem")).toMatchObject({ PolicyNames: ["inline"] });
    expect(
      await refused([
        "iam",
        "put-user-policy",
        "--user-name",
        "cem",
        "--policy-name",
        "bad",
        "--policy-document",
        "{}",
      ]),
    ).toBe(
      "An error occurred (MalformedPolicyDocument) when calling the PutUserPolicy operation: Syntax errors in policy.",
    );
    const { Policy } = await iam<{ Policy: { Arn: string } }>(
      "create-policy",
      "--policy-name",
      "own",
      "--policy-document",
      text,
    );
    expect(Policy.Arn).toBe("arn:aws:iam::000000000000:policy/own");
    await iam("attach-user-policy", "--user-name", "cem", "--policy-arn", Policy.Arn);
    await iam("attach-user-policy", "--user-name", "cem", "--policy-arn", readOnly);
    const attached = await iam<{ AttachedPolicies: unknown[] }>("list-attached-user-policies", "--user-name", "cem");
    expect(attached.AttachedPolicies).toEqual([
      { PolicyName: "AmazonEC2ContainerRegistryReadOnly", PolicyArn: readOnly },
      { PolicyName: "own", PolicyArn: Policy.Arn },
    ]);
    expect(await iam("list-policies", "--only-attached", "--scope", "Local")).toMatchObject({
      Policies: [{ AttachmentCount: 1 }],
    });
    expect(await refused(["iam", "delete-policy", "--policy-arn", Policy.Arn])).toContain("(DeleteConflict)");
    await iam("detach-user-policy", "--user-name", "cem", "--policy-arn", Policy.Arn);
    await iam("delete-policy", "--policy-arn", Policy.Arn);
    expect(await refused(["iam", "get-policy", "--policy-arn", Policy.Arn])).toContain("(NoSuchEntity)");
    await iam("delete-user-policy", "--user-name", "cem", "--policy-name", "inline");
  });

  test("knows AWS's own policies by ARN and document", async () => {
    const { Policy } = await iam<{ Policy: { DefaultVersionId: string } }>("get-policy", "--policy-arn", readOnly);
    const version = ["--policy-arn", readOnly, "--version-id", Policy.DefaultVersionId];
    const { PolicyVersion } = await iam<{ PolicyVersion: { Document: { Statement: { Action: string[] }[] } } }>(
      "get-policy-version",
      ...version,
    );
    expect(PolicyVersion.Document.Statement[0]!.Action).toContain("ecr:BatchGetImage");
    const wrong = ["iam", "attach-user-policy", "--user-name", "developer", "--policy-arn", `${readOnly}Please`];
    expect(await refused(wrong)).toContain("(NoSuchEntity)");
  });

  test("refuses who may not, with 403 and the reason", async () => {
    expect(await refused(["iam", "create-user", "--user-name", "eve"], { as: sandbox.developer })).toBe(
      "An error occurred (AccessDenied) when calling the CreateUser operation: User: arn:aws:iam::000000000000:user/developer is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::000000000000:user/eve because no identity-based policy allows the iam:CreateUser action",
    );
  });
});

describe("aws sts", () => {
  test("gives temporary keys that end, open ECR but not IAM", async () => {
    type Issued = { Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string } };
    const { Credentials } = await awsCliJson<Issued>(
      sandbox,
      ["sts", "get-session-token", "--duration-seconds", "900"],
      { as: sandbox.operator },
    );
    const as = {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      sessionToken: Credentials.SessionToken,
    };
    expect(await awsCliJson(sandbox, ["ecr", "describe-repositories"], { as })).toEqual({ repositories: [] });
    expect(await refused(["iam", "list-users"], { as })).toContain("(InvalidClientTokenId)");
    const { sessionToken: _, ...withoutToken } = as;
    expect(await refused(["ecr", "describe-repositories"], { as: withoutToken })).toContain(
      "(UnrecognizedClientException)",
    );
    const key = { ...sandbox.operator, accessKeyId: as.accessKeyId, secretAccessKey: as.secretAccessKey };
    sandbox.advance(901_000);
    const late = await sandbox.callEcr("DescribeRepositories", {}, { key, sessionToken: as.sessionToken });
    expect(late).toMatchObject({ status: 400, body: { __type: "ExpiredTokenException" } });
    sandbox.advance(-901_000);
  });

  test("tells whose a key is, and refuses keys it does not know", async () => {
    const ask = ["sts", "get-access-key-info", "--access-key-id", sandbox.developer.accessKeyId];
    expect(await awsCliJson(sandbox, ask, { as: sandbox.operator })).toEqual({ Account: "000000000000" });
    const unknown = { accessKeyId: "AKIAAAAAAAAAAAAAAAAA", secretAccessKey: "x" };
    expect(await refused(["sts", "get-caller-identity"], { as: unknown })).toBe(
      "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security token included in the request is invalid.",
    );
    const wrong = { ...sandbox.developer, secretAccessKey: "x" };
    expect(await refused(["sts", "get-caller-identity"], { as: wrong })).toContain("(SignatureDoesNotMatch)");
  });
});
