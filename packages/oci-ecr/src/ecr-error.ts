import { RegistryError, type RegistryErrorCode, type RegistryFacts } from "@berth/oci";
import { type Denial, parseDenial } from "./denial.ts";
import { identityStatement, repositoryPolicyStatement } from "./iam-statement.ts";

/** What AWS answered, taken out of the SDK's error. `message` is read for facts and never shown. */
export type AwsFailure = {
  service: "ecr" | "sts";
  operation: string;
  code: string;
  message: string;
  httpStatus?: number;
  requestId?: string;
};

/** What we know about the registry and the key when a call fails. */
export type EcrFailureContext = {
  host: string;
  accountId: string;
  region: string;
  partition: string;
  /** Masked. */
  accessKeyId: string;
  repository?: string;
  image?: string;
  /** How far AWS's clock is ahead of ours, when measured. */
  skewMs?: number;
};

/** From here on AWS's answers about time and signatures are put down to the clock; AWS itself allows 5 minutes. */
export const skewLimitMs = 240_000;

/** Codes that mean one thing wherever they come from. JSON services say `…Exception`, STS leaves it out. */
const plain: Record<string, RegistryErrorCode> = {
  InvalidClientTokenId: "AWS_KEY_UNKNOWN",
  UnrecognizedClient: "AWS_KEY_UNKNOWN",
  MissingAuthenticationToken: "AWS_KEY_UNKNOWN",
  IncompleteSignature: "AWS_SECRET_WRONG",
  ExpiredToken: "AWS_SESSION_EXPIRED",
  RequestExpired: "AWS_CLOCK_SKEW",
  RequestTimeTooSkewed: "AWS_CLOCK_SKEW",
  RepositoryNotFound: "ECR_REPO_NOT_FOUND",
  ImageNotFound: "ECR_IMAGE_NOT_FOUND",
  ImageArchived: "ECR_IMAGE_ARCHIVED",
  LayersNotFound: "ECR_LAYER_NOT_FOUND",
  LayerInaccessible: "ECR_LAYER_NOT_FOUND",
  Kms: "ECR_KMS",
  BlockedByOrganizationPolicy: "ECR_ORG_BLOCKED",
  UnableToGetUpstreamImage: "ECR_PTC_UPSTREAM",
  UnableToGetUpstreamLayer: "ECR_PTC_UPSTREAM",
  Throttling: "ECR_THROTTLED",
  Throttled: "ECR_THROTTLED",
  TooManyRequests: "ECR_THROTTLED",
  RequestLimitExceeded: "ECR_THROTTLED",
  SlowDown: "ECR_THROTTLED",
  Server: "AWS_OUTAGE",
  InternalFailure: "AWS_OUTAGE",
  InternalServer: "AWS_OUTAGE",
  InternalServerError: "AWS_OUTAGE",
  ServiceUnavailable: "AWS_OUTAGE",
  InvalidParameter: "ECR_REQUEST_INVALID",
  InvalidParameterValue: "ECR_REQUEST_INVALID",
  Validation: "ECR_REQUEST_INVALID",
  ValidationError: "ECR_REQUEST_INVALID",
  InvalidLayer: "ECR_REQUEST_INVALID",
};

/**
 * Our error for AWS's answer. It goes by AWS's error code, never by the HTTP status, because ECR answers nearly
 * everything with 400; the status decides only for codes that are not in the table.
 */
export function classifyAwsFailure(failure: AwsFailure, context: EcrFailureContext): RegistryError {
  const facts = factsOf(failure, context);
  const code = baseCode(failure.code);
  if (code === "AccessDenied" || code === "UnauthorizedOperation") return deniedError(failure, context, facts);
  if (code === "InvalidSignature" || code === "SignatureDoesNotMatch") return signatureError(failure, context, facts);
  const known = plain[code];
  if (known === "ECR_REPO_NOT_FOUND") return repositoryMissing(failure, facts);
  if (known !== undefined) return new RegistryError(known, facts);
  const isOutage = failure.httpStatus !== undefined && failure.httpStatus >= 500;
  return new RegistryError(isOutage ? "AWS_OUTAGE" : "AWS_UNEXPECTED", facts);
}

/** Failure codes of BatchGetImage, where one image fails and the others do not. */
const imageFailures: Record<string, RegistryErrorCode> = {
  ImageNotFound: "ECR_IMAGE_NOT_FOUND",
  ImageTagDoesNotMatchDigest: "ECR_IMAGE_NOT_FOUND",
  InvalidImageDigest: "ECR_REQUEST_INVALID",
  InvalidImageTag: "ECR_REQUEST_INVALID",
  MissingDigestAndTag: "ECR_REQUEST_INVALID",
  ImageReferencedByManifestList: "ECR_REFERENCED_BY_INDEX",
  KmsError: "ECR_KMS",
  UpstreamAccessDenied: "ECR_PTC_UPSTREAM",
  UpstreamTooManyRequests: "ECR_PTC_UPSTREAM",
  UpstreamUnavailable: "ECR_PTC_UPSTREAM",
  ImageInaccessible: "ECR_IMAGE_ARCHIVED",
};

/** Our error for one image that BatchGetImage could not give. */
export function classifyImageFailure(failureCode: string, context: EcrFailureContext): RegistryError {
  const failure: AwsFailure = { service: "ecr", operation: "BatchGetImage", code: failureCode, message: "" };
  return new RegistryError(imageFailures[failureCode] ?? "AWS_UNEXPECTED", factsOf(failure, context));
}

function factsOf(failure: AwsFailure, context: EcrFailureContext): RegistryFacts {
  const { requestId, httpStatus } = failure;
  return {
    ...context,
    operation: failure.operation,
    // Only the shape of a code is let through; anything else could be prose.
    ...(/^[A-Za-z0-9.]{1,100}$/.test(failure.code) && { awsCode: failure.code }),
    ...(requestId !== undefined && { awsRequestId: requestId.slice(0, 100) }),
    ...(httpStatus !== undefined && { httpStatus }),
  };
}

function baseCode(code: string): string {
  const name = code.slice(code.lastIndexOf("#") + 1);
  return name.replace(/Exception$/, "");
}

/** A bad signature has three causes: the clock, another region's endpoint, or the secret. */
function signatureError(failure: AwsFailure, context: EcrFailureContext, facts: RegistryFacts): RegistryError {
  const isClock = /signature expired|not yet current|request (?:has )?expired/i.test(failure.message);
  const isSkewed = context.skewMs !== undefined && Math.abs(context.skewMs) >= skewLimitMs;
  if (isClock || isSkewed) return new RegistryError("AWS_CLOCK_SKEW", facts);
  const scope = /scoped to a valid region/i.test(failure.message);
  if (scope) return new RegistryError("ECR_WRONG_REGION", facts);
  return new RegistryError("AWS_SECRET_WRONG", facts);
}

/** `The repository with name 'x' does not exist in the registry with id '123456789012'`: whose registry was asked? */
function repositoryMissing(failure: AwsFailure, facts: RegistryFacts): RegistryError {
  const asked = /registry with id '(\d{12})'/.exec(failure.message)?.[1];
  if (asked === undefined || asked === facts.accountId) return new RegistryError("ECR_REPO_NOT_FOUND", facts);
  return new RegistryError("ECR_WRONG_ACCOUNT", { ...facts, callerAccountId: asked });
}

function deniedError(failure: AwsFailure, context: EcrFailureContext, base: RegistryFacts): RegistryError {
  const denial = parseDenial(failure.message);
  const action = denial.action ?? `${failure.service}:${failure.operation}`;
  const resource = denial.resource ?? resourceOf(action, context);
  const facts: RegistryFacts = {
    ...base,
    action,
    resource,
    ...(denial.callerArn !== undefined && { callerArn: denial.callerArn }),
    ...(denial.callerAccountId !== undefined && { callerAccountId: denial.callerAccountId }),
  };
  const code = denialCode(denial, action, context);
  const statement =
    code === "ECR_DENIED_RESOURCE" || code === "ECR_WRONG_ACCOUNT"
      ? repositoryPolicyStatement(denial.callerArn ?? "*")
      : identityStatement(action, resource);
  if (!denial.isExplicit) return new RegistryError(code, { ...facts, statement });
  if (code !== "ECR_DENIED_IDENTITY" && code !== "ECR_DENIED_RESOURCE" && code !== "ECR_NO_TOKEN_PERM") {
    return new RegistryError(code, facts);
  }
  const where = code === "ECR_DENIED_RESOURCE" ? "the repository's policy" : "its IAM policies";
  return new RegistryError(code, facts, {
    message: `${denial.callerArn ?? `Access key ${context.accessKeyId}`} may not perform ${action}: a Deny statement in ${where} forbids it.`,
    fix: { text: `Remove the Deny statement for ${action} from ${where}, or exempt this caller from it.` },
  });
}

function denialCode(denial: Denial, action: string, context: EcrFailureContext): RegistryErrorCode {
  const isForeign = denial.callerAccountId !== undefined && denial.callerAccountId !== context.accountId;
  switch (denial.layer) {
    case "organization":
      return "ECR_DENIED_SCP";
    case "boundary":
      return "ECR_DENIED_BOUNDARY";
    case "session":
      return "ECR_DENIED_SESSION";
    case "vpc-endpoint":
      return "ECR_DENIED_VPCE";
    case "resource":
      return "ECR_DENIED_RESOURCE";
    default:
      if (action === "ecr:GetAuthorizationToken") return "ECR_NO_TOKEN_PERM";
      return denial.layer === undefined && isForeign ? "ECR_WRONG_ACCOUNT" : "ECR_DENIED_IDENTITY";
  }
}

function resourceOf(action: string, { partition, region, accountId, repository }: EcrFailureContext): string {
  if (action === "ecr:GetAuthorizationToken") return "*";
  return `arn:${partition}:ecr:${region}:${accountId}:repository/${repository ?? "*"}`;
}
