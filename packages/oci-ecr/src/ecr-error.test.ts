import type { RegistryErrorCode } from "@berth/oci";
import { describe, expect, test } from "vitest";
import { type AwsFailure, classifyAwsFailure, classifyImageFailure, type EcrFailureContext } from "./ecr-error.ts";

const context: EcrFailureContext = {
  host: "123456789012.dkr.ecr.us-east-1.amazonaws.com",
  accountId: "123456789012",
  region: "us-east-1",
  partition: "aws",
  accessKeyId: "AKIA…WXYZ",
  repository: "team/base",
};
const user = "arn:aws:iam::123456789012:user/alice";
const foreign = "arn:aws:iam::999999999999:user/mallory";
const arn = "arn:aws:ecr:us-east-1:123456789012:repository/team/base";
const denied = (because: string, { by = user, action = "ecr:BatchGetImage", on = arn } = {}) =>
  `User: ${by} is not authorized to perform: ${action} on resource: ${on} ${because}`;

function classify(failure: Partial<AwsFailure>, extra: Partial<EcrFailureContext> = {}) {
  const whole = {
    service: "ecr",
    operation: "BatchGetImage",
    code: "",
    message: "",
    httpStatus: 400,
    ...failure,
  } as const;
  return classifyAwsFailure(whole, { ...context, ...extra });
}

describe("classifyAwsFailure", () => {
  test.each<[string, string, RegistryErrorCode]>([
    ["UnrecognizedClientException", "The security token included in the request is invalid.", "AWS_KEY_UNKNOWN"],
    ["InvalidClientTokenId", "", "AWS_KEY_UNKNOWN"],
    ["MissingAuthenticationTokenException", "", "AWS_KEY_UNKNOWN"],
    ["InvalidSignatureException", "The request signature we calculated does not match", "AWS_SECRET_WRONG"],
    ["SignatureDoesNotMatch", "", "AWS_SECRET_WRONG"],
    ["IncompleteSignature", "", "AWS_SECRET_WRONG"],
    ["InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than …", "AWS_CLOCK_SKEW"],
    [
      "InvalidSignatureException",
      "Signature not yet current: 20260101T000000Z is still later than …",
      "AWS_CLOCK_SKEW",
    ],
    ["RequestExpired", "", "AWS_CLOCK_SKEW"],
    ["RequestTimeTooSkewed", "", "AWS_CLOCK_SKEW"],
    ["ExpiredTokenException", "The security token included in the request is expired", "AWS_SESSION_EXPIRED"],
    ["ExpiredToken", "", "AWS_SESSION_EXPIRED"],
    [
      "InvalidSignatureException",
      "Credential should be scoped to a valid region, not 'eu-west-1'.",
      "ECR_WRONG_REGION",
    ],
    ["RepositoryNotFoundException", "does not exist in the registry with id '123456789012'", "ECR_REPO_NOT_FOUND"],
    ["RepositoryNotFoundException", "does not exist in the registry with id '999999999999'", "ECR_WRONG_ACCOUNT"],
    ["com.amazonaws.ecr#RepositoryNotFoundException", "", "ECR_REPO_NOT_FOUND"],
    ["ImageNotFoundException", "", "ECR_IMAGE_NOT_FOUND"],
    ["ImageArchivedException", "", "ECR_IMAGE_ARCHIVED"],
    ["LayersNotFoundException", "", "ECR_LAYER_NOT_FOUND"],
    ["LayerInaccessibleException", "", "ECR_LAYER_NOT_FOUND"],
    ["KmsException", "", "ECR_KMS"],
    ["BlockedByOrganizationPolicyException", "", "ECR_ORG_BLOCKED"],
    ["UnableToGetUpstreamImageException", "", "ECR_PTC_UPSTREAM"],
    ["UnableToGetUpstreamLayerException", "", "ECR_PTC_UPSTREAM"],
    ["ThrottlingException", "Rate exceeded", "ECR_THROTTLED"],
    ["Throttling", "", "ECR_THROTTLED"],
    ["TooManyRequestsException", "", "ECR_THROTTLED"],
    ["ServerException", "", "AWS_OUTAGE"],
    ["ServiceUnavailable", "", "AWS_OUTAGE"],
    ["InternalFailure", "", "AWS_OUTAGE"],
    ["InvalidParameterException", "", "ECR_REQUEST_INVALID"],
    ["ValidationException", "", "ECR_REQUEST_INVALID"],
    ["SomethingNewException", "", "AWS_UNEXPECTED"],
    [
      "AccessDeniedException",
      denied("because no identity-based policy allows the ecr:BatchGetImage action"),
      "ECR_DENIED_IDENTITY",
    ],
    ["AccessDenied", denied(""), "ECR_DENIED_IDENTITY"],
    ["AccessDeniedException", denied("with an explicit deny in an identity-based policy"), "ECR_DENIED_IDENTITY"],
    [
      "AccessDeniedException",
      denied("because no resource-based policy allows the ecr:BatchGetImage action"),
      "ECR_DENIED_RESOURCE",
    ],
    ["AccessDeniedException", denied("with an explicit deny in a resource-based policy"), "ECR_DENIED_RESOURCE"],
    [
      "AccessDeniedException",
      denied("because no permissions boundary allows the ecr:BatchGetImage action"),
      "ECR_DENIED_BOUNDARY",
    ],
    [
      "AccessDeniedException",
      denied("because no session policy allows the ecr:BatchGetImage action"),
      "ECR_DENIED_SESSION",
    ],
    [
      "AccessDeniedException",
      denied("because no VPC endpoint policy allows the ecr:BatchGetImage action"),
      "ECR_DENIED_VPCE",
    ],
    ["AccessDeniedException", denied("with an explicit deny in a service control policy"), "ECR_DENIED_SCP"],
    ["AccessDeniedException", denied("with an explicit deny in a resource control policy"), "ECR_DENIED_SCP"],
    ["AccessDeniedException", denied("", { by: foreign }), "ECR_WRONG_ACCOUNT"],
    [
      "AccessDeniedException",
      denied("because no identity-based policy allows it", { by: foreign }),
      "ECR_DENIED_IDENTITY",
    ],
    [
      "AccessDeniedException",
      denied("because no identity-based policy allows it", { action: "ecr:GetAuthorizationToken", on: "*" }),
      "ECR_NO_TOKEN_PERM",
    ],
    ["AccessDeniedException", "gibberish", "ECR_DENIED_IDENTITY"],
  ])("%s, %j → %s", (code, message, ours) => {
    expect(classify({ code, message }).code).toBe(ours);
  });

  test("goes by the code, whatever the status", () => {
    expect(classify({ code: "RepositoryNotFoundException", httpStatus: 500 }).code).toBe("ECR_REPO_NOT_FOUND");
    expect(classify({ code: "SomethingNew", httpStatus: 503 }).code).toBe("AWS_OUTAGE");
  });

  test("a bad signature while the clocks differ is the clock's fault, and says which way and how much", () => {
    const error = classify({ code: "InvalidSignatureException" }, { skewMs: 432_000 });
    expect(error.code).toBe("AWS_CLOCK_SKEW");
    expect(error.message).toBe("The clock of this server is 7 min 12 s behind AWS.");
    expect(classify({ code: "RequestExpired" }, { skewMs: -300_000 }).message).toContain("5 min 0 s ahead of AWS");
    expect(classify({ code: "InvalidSignatureException" }, { skewMs: 3_000 }).code).toBe("AWS_SECRET_WRONG");
  });

  test("a denial names who, what and on what, and gives the statement to add", () => {
    const error = classify({
      code: "AccessDeniedException",
      message: denied("because no identity-based policy allows it"),
    });
    expect(error.message).toBe(
      `${user} may not perform ecr:BatchGetImage on ${arn}: no IAM policy of its own allows it.`,
    );
    expect(JSON.parse(error.fix.command ?? "")).toEqual({
      Effect: "Allow",
      Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
      Resource: arn,
    });
    expect(error.evidence).toMatchObject({ callerArn: user, action: "ecr:BatchGetImage", operation: "BatchGetImage" });
  });

  test("where the sentence names nothing, the operation and the repository do", () => {
    const error = classify(
      { code: "AccessDeniedException", operation: "DescribeRepositories" },
      { repository: undefined! },
    );
    expect(JSON.parse(error.fix.command ?? "")).toMatchObject({
      Action: ["ecr:DescribeRepositories", "ecr:ListImages", "ecr:DescribeImages"],
      Resource: "arn:aws:ecr:us-east-1:123456789012:repository/*",
    });
  });

  test("the token permission is given on * alone, which is all AWS accepts", () => {
    const error = classify({ code: "AccessDeniedException", operation: "GetAuthorizationToken" });
    expect(error.code).toBe("ECR_NO_TOKEN_PERM");
    expect(JSON.parse(error.fix.command ?? "")).toMatchObject({ Action: ["ecr:GetAuthorizationToken"], Resource: "*" });
  });

  test("an explicit Deny is to be removed: no statement to add would help", () => {
    const error = classify({
      code: "AccessDeniedException",
      message: denied("with an explicit deny in an identity-based policy"),
    });
    expect(error.message).toContain("a Deny statement in its IAM policies");
    expect(error.fix.command).toBeUndefined();
  });

  test("another account's repository policy must name the caller", () => {
    const message = denied("because no resource-based policy allows the action", { by: foreign });
    const error = classify({ code: "AccessDeniedException", message });
    expect(JSON.parse(error.fix.command ?? "")).toMatchObject({ Principal: { AWS: foreign } });
    expect(error.evidence.callerAccountId).toBe("999999999999");
  });

  test("nothing of AWS's prose gets out, except ARNs and actions", () => {
    const message = `${denied("because no identity-based policy allows it")} SECRET-PROSE <script>`;
    const error = classify({ code: "AccessDeniedException: SECRET-PROSE", message, requestId: "req-1" });
    expect(JSON.stringify([error.message, error.fix, error.evidence])).not.toMatch(/SECRET-PROSE|script/);
    expect(error.evidence.awsRequestId).toBe("req-1");
  });

  test("ends quickly on 10 000 characters made to backtrack", () => {
    const started = performance.now();
    classify({ code: "AccessDeniedException", message: `User: arn:aws:${"a:".repeat(5_000)}` });
    classify({ code: "AccessDeniedException", message: "because ".repeat(2_000) });
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

test.each<[string, RegistryErrorCode]>([
  ["ImageNotFound", "ECR_IMAGE_NOT_FOUND"],
  ["ImageTagDoesNotMatchDigest", "ECR_IMAGE_NOT_FOUND"],
  ["InvalidImageDigest", "ECR_REQUEST_INVALID"],
  ["InvalidImageTag", "ECR_REQUEST_INVALID"],
  ["MissingDigestAndTag", "ECR_REQUEST_INVALID"],
  ["ImageReferencedByManifestList", "ECR_REFERENCED_BY_INDEX"],
  ["KmsError", "ECR_KMS"],
  ["UpstreamAccessDenied", "ECR_PTC_UPSTREAM"],
  ["UpstreamTooManyRequests", "ECR_PTC_UPSTREAM"],
  ["UpstreamUnavailable", "ECR_PTC_UPSTREAM"],
  ["ImageInaccessible", "ECR_IMAGE_ARCHIVED"],
  ["SomethingNew", "AWS_UNEXPECTED"],
])("an image that fails with %s is %s", (failureCode, ours) => {
  expect(classifyImageFailure(failureCode, { ...context, image: "1" }).code).toBe(ours);
});
