import { describe, expect, test } from "vitest";
import { RegistryError } from "./errors.ts";
import { failures, type RegistryErrorCode, type RegistryFacts } from "./failures.ts";

const facts: RegistryFacts = {
  host: "r.example",
  url: "https://other.example",
  address: "10.0.0.5",
  region: "eu-west-1",
  otherRegion: "us-east-1",
  partition: "aws-cn",
  accountId: "123456789012",
  callerAccountId: "999999999999",
  callerArn: "arn:aws:iam::999999999999:user/a",
  accessKeyId: "AKIA…WXYZ",
  repository: "team/base",
  image: "1",
  action: "ecr:BatchGetImage",
  resource: "arn:x",
  statement: "{}",
  operation: "BatchGetImage",
  awsCode: "OddException",
  skewMs: 432_000,
  limit: 10,
  phase: "connecting",
  part: "tag",
  problem: "is odd",
};

/** One row a code: a part of what is said, whether trying again can help. Adding a code without a row does not compile. */
const rows: Record<RegistryErrorCode, [says: string, retryable?: true]> = {
  REFERENCE_MALFORMED: ["The tag of the image name is odd."],
  REGISTRY_HOST_INVALID: ['"r.example" is not the name of a private Amazon ECR registry.'],
  AWS_KEY_FORMAT: ["is odd"],
  AWS_KEY_UNKNOWN: ["AWS does not recognise access key AKIA…WXYZ."],
  AWS_SECRET_WRONG: ["AWS knows access key AKIA…WXYZ, but the secret does not belong to it."],
  AWS_CLOCK_SKEW: ["The clock of this server is 7 min 12 s behind AWS."],
  AWS_SESSION_EXPIRED: ["The temporary credentials of access key AKIA…WXYZ expired."],
  ECR_NO_TOKEN_PERM: ["may not get a registry token (ecr:GetAuthorizationToken)."],
  ECR_DENIED_IDENTITY: ["user/a may not perform ecr:BatchGetImage on arn:x: no IAM policy of its own allows it."],
  ECR_DENIED_RESOURCE: ["the repository's policy in account 123456789012 does not allow it."],
  ECR_DENIED_BOUNDARY: ["A permissions boundary keeps"],
  ECR_DENIED_SESSION: ["The session policy of the temporary credentials"],
  ECR_DENIED_VPCE: ["The VPC endpoint policy does not allow"],
  ECR_DENIED_SCP: ["A policy of the AWS organization denies"],
  ECR_ORG_BLOCKED: ["A policy of the AWS organization blocks BatchGetImage."],
  ECR_WRONG_REGION: ["The registry is in eu-west-1, but the request was for us-east-1."],
  ECR_WRONG_ACCOUNT: ["The access key belongs to account 999999999999, the registry to account 123456789012"],
  ECR_REPO_NOT_FOUND: ["Repository team/base does not exist in r.example."],
  ECR_IMAGE_NOT_FOUND: ["team/base:1 does not exist in r.example."],
  ECR_IMAGE_ARCHIVED: ["team/base:1 is archived"],
  ECR_LAYER_NOT_FOUND: ["A layer of team/base:1 is missing"],
  ECR_REFERENCED_BY_INDEX: ["part of a multi-platform image"],
  ECR_KMS: ["KMS key that is disabled"],
  ECR_PTC_UPSTREAM: ["its upstream registry refused"],
  ECR_THROTTLED: ["AWS limits BatchGetImage", true],
  ECR_FIPS_UNAVAILABLE: ["ECR has no FIPS endpoint in eu-west-1."],
  ECR_REQUEST_INVALID: ["AWS refused BatchGetImage as invalid."],
  ECR_TOKEN_TOO_SHORT: ["a registry token that expires before"],
  AWS_OUTAGE: ["AWS answers BatchGetImage in eu-west-1 with errors of its own.", true],
  AWS_UNEXPECTED: ["AWS refused BatchGetImage with OddException."],
  V2_TOKEN_EXPIRED: ["The registry token for r.example expired.", true],
  V2_TOKEN_INVALID: ["r.example does not accept the credential."],
  V2_NO_BASIC: ["r.example wants a credential and was given none."],
  V2_AUTH_UNSUPPORTED: ["r.example asks for a way to sign in that is not supported."],
  V2_DENIED: ["r.example denies access to team/base."],
  V2_NAME_UNKNOWN: ["Repository team/base does not exist in r.example."],
  V2_MANIFEST_UNKNOWN: ["team/base:1 does not exist in r.example."],
  V2_TOO_MANY_REQUESTS: ["r.example limits how many requests", true],
  V2_UNAVAILABLE: ["r.example answers with errors of its own.", true],
  V2_ANSWER_INVALID: ["r.example did not answer as a container registry does."],
  S3_BLOCKED: ["layers cannot be downloaded from r.example.", true],
  S3_DOUBLE_AUTH: ["a second credential"],
  S3_URL_EXPIRED: ["The download address of a layer expired.", true],
  DIGEST_MISMATCH: ["r.example delivered content that does not have the digest asked for."],
  MANIFEST_INVALID: ["The manifest of team/base:1 is odd."],
  MANIFEST_UNSUPPORTED: ["team/base:1 is not a container image that can be run (is odd)."],
  RESPONSE_TOO_LARGE: ["r.example sent more than the 10 bytes"],
  DNS: ["The name r.example cannot be resolved.", true],
  NET_TIMEOUT: ["r.example did not answer in time (connecting).", true],
  NET_REFUSED: ["r.example refused or broke the connection.", true],
  TLS_CA: ["signed by an authority that this server does not trust"],
  TLS_NAME: ["The certificate presented for r.example is for another name."],
  TLS_EXPIRED: ["The certificate of r.example is expired"],
  PROXY_AUTH: ["The HTTP proxy asks for a user name"],
  ADDRESS_FORBIDDEN: ["r.example leads to 10.0.0.5, which this server may not connect to."],
  URL_FORBIDDEN: ["The address https://other.example is not permitted: is odd."],
  REDIRECT_FORBIDDEN: ["r.example redirected to https://other.example, which is not permitted."],
  HEADER_TOO_LARGE: ["its headers are too large"],
};

describe("failures", () => {
  test.each(Object.entries(rows) as [RegistryErrorCode, (typeof rows)[RegistryErrorCode]][])(
    "%s",
    (code, [says, retryable = false]) => {
      const error = new RegistryError(code, facts);
      expect(error.message).toContain(says);
      expect(error).toMatchObject({ code, retryable });
      expect(error.fix.text).toMatch(/^[A-Z].*\.$/);
    },
  );

  test.each(Object.keys(failures) as RegistryErrorCode[])("%s reads well when nothing is known", (code) => {
    const { message, fix } = new RegistryError(code);
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(`${message} ${fix.text}`).not.toMatch(/undefined|NaN|\s{2}| \./);
  });

  test("evidence holds the facts, and not what is only to be pasted", () => {
    const { evidence, fix } = new RegistryError("ECR_DENIED_IDENTITY", { action: "ecr:ListImages", statement: "{}" });
    expect(evidence).toEqual({ action: "ecr:ListImages" });
    expect(fix.command).toBe("{}");
  });
});
