/** What to do about a failure: a sentence, and where one exists a command or document to paste. */
export type Fix = { text: string; command?: string };

/**
 * What a failure is about. All of it may be shown to whoever may see the registry, so nothing secret goes in:
 * `accessKeyId` is the masked form.
 */
export type RegistryFacts = {
  host?: string;
  url?: string;
  address?: string;
  region?: string;
  otherRegion?: string;
  partition?: string;
  /** The AWS account that owns the registry. */
  accountId?: string;
  /** The AWS account that the access key belongs to. */
  callerAccountId?: string;
  callerArn?: string;
  accessKeyId?: string;
  repository?: string;
  /** A tag or a digest inside `repository`. */
  image?: string;
  action?: string;
  resource?: string;
  /** IAM JSON that would allow the action; shown as the fix, not as evidence. */
  statement?: string;
  operation?: string;
  awsCode?: string;
  awsRequestId?: string;
  httpStatus?: number;
  skewMs?: number;
  limit?: number;
  phase?: string;
  /** For malformed input: which part of it, what is wrong, and at which character it starts. */
  part?: string;
  problem?: string;
  at?: number;
};

type Failure = { retryable: boolean; message(facts: RegistryFacts): string; fix(facts: RegistryFacts): Fix };

function row(message: (facts: RegistryFacts) => string, fix: (facts: RegistryFacts) => Fix | string): Failure {
  // A sentence that begins with what a name stands in for still begins with a capital.
  const sentence = (facts: RegistryFacts) => message(facts).replace(/^the /, "The ");
  return { retryable: false, message: sentence, fix: (facts) => asFix(fix(facts)) };
}

function passing(message: (facts: RegistryFacts) => string, fix: (facts: RegistryFacts) => Fix | string): Failure {
  return { ...row(message, fix), retryable: true };
}

const asFix = (fix: Fix | string): Fix => (typeof fix === "string" ? { text: fix } : fix);

/** Adds the IAM statement as the thing to paste, when one could be worked out. */
function paste(text: string, facts: RegistryFacts): Fix {
  return facts.statement === undefined ? { text } : { text, command: facts.statement };
}

const registry = (f: RegistryFacts) => f.host ?? "the registry";
const key = (f: RegistryFacts) => (f.accessKeyId ? `access key ${f.accessKeyId}` : "the access key");
const caller = (f: RegistryFacts) => f.callerArn ?? (f.accessKeyId ? `Access key ${f.accessKeyId}` : "This access key");
const act = (f: RegistryFacts) => f.action ?? "this action";
const target = (f: RegistryFacts) => (f.resource ? ` on ${f.resource}` : "");
const repository = (f: RegistryFacts) => (f.repository ? `Repository ${f.repository}` : "The repository");
const image = (f: RegistryFacts) =>
  f.repository && f.image
    ? `${f.repository}${f.image.includes(":") ? "@" : ":"}${f.image}`
    : (f.image ?? f.repository ?? "The image");

function span(skewMs: number): string {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}

const input = {
  REFERENCE_MALFORMED: row(
    (f) => `${f.part ? `The ${f.part} of the image name` : "The image name"} ${f.problem ?? "is malformed"}.`,
    () => "Write it as registry/repository:tag or registry/repository@sha256:digest.",
  ),
  REGISTRY_HOST_INVALID: row(
    (f) => `${f.host ? `"${f.host}"` : "This name"} is not the name of a private Amazon ECR registry.`,
    () =>
      "Write it as 123456789012.dkr.ecr.us-east-1.amazonaws.com, as the AWS console shows it above the repositories.",
  ),
  AWS_KEY_FORMAT: row(
    (f) => f.problem ?? "The access key does not look like one.",
    () => "Copy the access key ID and the secret access key again, each into its own field.",
  ),
};

const credentials = {
  AWS_KEY_UNKNOWN: row(
    (f) =>
      `AWS does not recognise ${key(f)}. It was deleted or deactivated, or belongs to another AWS partition${f.partition ? ` than ${f.partition}` : ""}.`,
    () => "In IAM, look at the user's security credentials: create or activate an access key, and enter it here.",
  ),
  AWS_SECRET_WRONG: row(
    (f) => `AWS knows ${key(f)}, but the secret does not belong to it.`,
    () => "Enter the secret again. If it is lost, create a new access key: AWS cannot show the old secret.",
  ),
  AWS_CLOCK_SKEW: row(
    (f) =>
      f.skewMs === undefined
        ? "The clock of this server differs too much from the clock of AWS."
        : `The clock of this server is ${span(f.skewMs)} ${f.skewMs > 0 ? "behind" : "ahead of"} AWS.`,
    () => ({
      text: "Turn on time synchronisation. AWS refuses requests that are more than 5 minutes off.",
      command: "timedatectl set-ntp true",
    }),
  ),
  AWS_SESSION_EXPIRED: row(
    (f) => `The temporary credentials of ${key(f)} expired.`,
    () => "Enter fresh ones, or an access key of an IAM user, which does not expire.",
  ),
};

const denials = {
  ECR_NO_TOKEN_PERM: row(
    (f) => `${caller(f)} may not get a registry token (ecr:GetAuthorizationToken).`,
    (f) => paste("Add this statement to its IAM policy. For this action AWS accepts no resource but *.", f),
  ),
  ECR_DENIED_IDENTITY: row(
    (f) => `${caller(f)} may not perform ${act(f)}${target(f)}: no IAM policy of its own allows it.`,
    (f) => paste("Add this statement to its IAM policy.", f),
  ),
  ECR_DENIED_RESOURCE: row(
    (f) =>
      `${caller(f)} may not perform ${act(f)}${target(f)}: the repository's policy in account ${f.accountId ?? "of the registry"} does not allow it.`,
    (f) =>
      paste("Add this statement to the repository's policy. The caller's own IAM policy must allow the action too.", f),
  ),
  ECR_DENIED_BOUNDARY: row(
    (f) => `A permissions boundary keeps ${caller(f)} from ${act(f)}${target(f)}.`,
    () => "Whoever set the boundary in IAM must allow the action in it, or choose another user.",
  ),
  ECR_DENIED_SESSION: row(
    (f) => `The session policy of the temporary credentials does not allow ${act(f)}${target(f)}.`,
    () => "Create the session with a policy that allows the action, or enter the access key of an IAM user.",
  ),
  ECR_DENIED_VPCE: row(
    (f) => `The VPC endpoint policy does not allow ${act(f)}${target(f)}.`,
    () => "Allow the action in the policy of the VPC endpoint that this server reaches AWS through.",
  ),
  ECR_DENIED_SCP: row(
    (f) => `A policy of the AWS organization denies ${act(f)}${target(f)}.`,
    () => "Only the administrators of the AWS organization can change this.",
  ),
  ECR_ORG_BLOCKED: row(
    (f) => `A policy of the AWS organization blocks ${f.operation ?? "this request"}.`,
    () => "Only the administrators of the AWS organization can change this.",
  ),
};

const ecr = {
  ECR_WRONG_REGION: row(
    (f) =>
      f.region && f.otherRegion
        ? `The registry is in ${f.region}, but the request was for ${f.otherRegion}.`
        : `The credential was issued for another region than ${f.region ?? "the registry's"}.`,
    () => "Use the registry name with the region that the repositories are in.",
  ),
  ECR_WRONG_ACCOUNT: row(
    (f) =>
      `The access key belongs to account ${f.callerAccountId ?? "another account"}, the registry to account ${f.accountId ?? "in its name"}, which does not let it in.`,
    () => "Enter a key of the registry's account, or let its repository policies name this key's user.",
  ),
  ECR_REPO_NOT_FOUND: row(
    (f) => `${repository(f)} does not exist in ${registry(f)}.`,
    (f) => `Check the spelling, and that it is in this account${f.region ? ` and in ${f.region}` : " and region"}.`,
  ),
  ECR_IMAGE_NOT_FOUND: row(
    (f) => `${image(f)} does not exist in ${registry(f)}.`,
    () => "Check the tag. A lifecycle rule of the repository may have deleted the image.",
  ),
  ECR_IMAGE_ARCHIVED: row(
    (f) => `${image(f)} is archived and cannot be pulled.`,
    () => "Restore it in the AWS console; that takes minutes.",
  ),
  ECR_LAYER_NOT_FOUND: row(
    (f) => `A layer of ${image(f)} is missing in ${registry(f)}.`,
    () => "Push the image again.",
  ),
  ECR_REFERENCED_BY_INDEX: row(
    (f) => `${image(f)} is part of a multi-platform image.`,
    () => "Use the digest or tag of the multi-platform image.",
  ),
  ECR_KMS: row(
    (f) => `${repository(f)} is encrypted with a KMS key that is disabled or whose grant was revoked.`,
    () => "Enable the KMS key of the repository again.",
  ),
  ECR_PTC_UPSTREAM: row(
    (f) => `${repository(f)} is a pull-through cache, and its upstream registry refused or did not answer.`,
    () => "Check the secret named ecr-pullthroughcache/… in AWS Secrets Manager and the upstream registry.",
  ),
  ECR_THROTTLED: passing(
    (f) => `AWS limits ${f.operation ?? "requests"} in this account and region, which its other tools share.`,
    () => "Wait a moment; requests slow down by themselves.",
  ),
  ECR_FIPS_UNAVAILABLE: row(
    (f) => `ECR has no FIPS endpoint in ${f.region ?? "this region"}.`,
    () => "Use the registry name without -fips.",
  ),
  ECR_REQUEST_INVALID: row(
    (f) => `AWS refused ${f.operation ?? "the request"} as invalid.`,
    () => "Check the names of the repository and the tag.",
  ),
  ECR_TOKEN_TOO_SHORT: row(
    () => "AWS issued a registry token that expires before this use of it would end.",
    () => "Use credentials whose session lasts longer.",
  ),
  AWS_OUTAGE: passing(
    (f) => `AWS answers ${f.operation ?? "requests"}${f.region ? ` in ${f.region}` : ""} with errors of its own.`,
    () => "Wait; there is nothing to change here. The AWS Health Dashboard says more.",
  ),
  AWS_UNEXPECTED: row(
    (f) => `AWS refused ${f.operation ?? "the request"}${f.awsCode ? ` with ${f.awsCode}` : ""}.`,
    () => "Look the code up in the documentation of Amazon ECR, or send it to AWS support with the request id.",
  ),
};

const dataPlane = {
  V2_TOKEN_EXPIRED: passing(
    (f) => `The registry token for ${registry(f)} expired.`,
    () => "Try again; a new one is fetched.",
  ),
  V2_TOKEN_INVALID: row(
    (f) => `${registry(f)} does not accept the credential.`,
    () => "Check the credential. A token of Amazon ECR works only in the region that issued it.",
  ),
  V2_NO_BASIC: row(
    (f) => `${registry(f)} wants a credential and was given none.`,
    () => "Enter a credential for exactly this registry name.",
  ),
  V2_AUTH_UNSUPPORTED: row(
    (f) => `${registry(f)} asks for a way to sign in that is not supported.`,
    () => "Use a registry that accepts a user name and a password (HTTP Basic).",
  ),
  V2_DENIED: row(
    (f) => `${registry(f)} denies access${f.repository ? ` to ${f.repository}` : ""}.`,
    () => "Let the credential's owner read this repository.",
  ),
  V2_NAME_UNKNOWN: row(
    (f) => `${repository(f)} does not exist in ${registry(f)}.`,
    () => "Check the spelling.",
  ),
  V2_MANIFEST_UNKNOWN: row(
    (f) => `${image(f)} does not exist in ${registry(f)}.`,
    () => "Check the tag or the digest.",
  ),
  V2_TOO_MANY_REQUESTS: passing(
    (f) => `${registry(f)} limits how many requests it answers.`,
    () => "Wait a moment and try again.",
  ),
  V2_UNAVAILABLE: passing(
    (f) => `${registry(f)} answers with errors of its own.`,
    () => "Wait, or ask whoever runs the registry.",
  ),
  V2_ANSWER_INVALID: row(
    (f) => `${registry(f)} did not answer as a container registry does.`,
    () => "Check that the name is the registry's own, not that of a web site or a proxy in front of it.",
  ),
  S3_BLOCKED: passing(
    (f) => `Manifests can be read, but layers cannot be downloaded from ${registry(f)}.`,
    (f) => `Allow ${f.host ?? "the layer bucket"} in the firewall and in the policy of the S3 gateway endpoint.`,
  ),
  S3_DOUBLE_AUTH: row(
    (f) => `The layer download at ${registry(f)} was sent a second credential.`,
    () => "A proxy adds an Authorization header; exempt the layer bucket from it.",
  ),
  S3_URL_EXPIRED: passing(
    () => "The download address of a layer expired.",
    () => "Try again; a new address is fetched.",
  ),
};

const content = {
  DIGEST_MISMATCH: row(
    (f) => `${registry(f)} delivered content that does not have the digest asked for.`,
    () => "A proxy between this server and the registry altered it; exempt the registry from the proxy.",
  ),
  MANIFEST_INVALID: row(
    (f) => `The manifest of ${image(f)} ${f.problem ?? "is not a valid image manifest"}.`,
    () => "Build and push the image again with a current tool.",
  ),
  MANIFEST_UNSUPPORTED: row(
    (f) => `${image(f)} is not a container image that can be run (${f.problem ?? "unknown media type"}).`,
    () => "Choose the tag of a container image in OCI or Docker (schema 2) form.",
  ),
  RESPONSE_TOO_LARGE: row(
    (f) =>
      `${registry(f)} sent more than ${f.limit === undefined ? "is" : `the ${f.limit} bytes`} permitted for this answer.`,
    () => "Check that the name is the registry's own.",
  ),
};

const network = {
  DNS: passing(
    (f) => `The name ${f.host ?? "of the registry"} cannot be resolved.`,
    () => "Check account and region in the name, the DNS of this server, and that private DNS of a VPC endpoint is on.",
  ),
  NET_TIMEOUT: passing(
    (f) => `${registry(f)} did not answer in time${f.phase ? ` (${f.phase})` : ""}.`,
    () => "Check that this server's firewall and routes let it reach the registry on port 443.",
  ),
  NET_REFUSED: passing(
    (f) => `${registry(f)} refused or broke the connection.`,
    () => "Check host and port, and the firewalls between this server and the registry.",
  ),
  TLS_CA: row(
    (f) => `The certificate of ${registry(f)} is signed by an authority that this server does not trust.`,
    () => ({
      text: "If a proxy inspects TLS or the registry has a private CA, give this server its certificate.",
      command: "NODE_EXTRA_CA_CERTS=/path/to/ca.pem",
    }),
  ),
  TLS_NAME: row(
    (f) => `The certificate presented for ${registry(f)} is for another name.`,
    () => "Check the host name, and that DNS and proxies lead to the registry itself.",
  ),
  TLS_EXPIRED: row(
    (f) => `The certificate of ${registry(f)} is expired or not yet valid.`,
    () => "Renew the certificate, or correct this server's clock.",
  ),
  PROXY_AUTH: row(
    () => "The HTTP proxy asks for a user name and a password.",
    () => "Put them into the proxy's URL (HTTPS_PROXY), or exempt the registry with NO_PROXY.",
  ),
  ADDRESS_FORBIDDEN: row(
    (f) => `${registry(f)} leads to ${f.address ?? "an address"}, which this server may not connect to.`,
    () => "If the registry is on a private network, an administrator can allow its address range for this registry.",
  ),
  URL_FORBIDDEN: row(
    (f) => `The address ${f.url ?? "of the registry"} is not permitted: ${f.problem ?? "it must be https"}.`,
    () => "Use an https address without user name and fragment.",
  ),
  REDIRECT_FORBIDDEN: row(
    (f) => `${registry(f)} redirected to ${f.url ?? "another host"}, which is not permitted.`,
    () =>
      "If this is the registry's storage, an administrator can allow it; otherwise treat the registry with suspicion.",
  ),
  HEADER_TOO_LARGE: row(
    (f) => `A proxy before ${registry(f)} refused the request because its headers are too large.`,
    () => "Raise the proxy's limit for request headers to 16 KB: registry tokens are long.",
  ),
};

/** The one table of registry failures: code → what happened, what to do. Codes are stable names for UI, API and metrics. */
export const failures = {
  ...input,
  ...credentials,
  ...denials,
  ...ecr,
  ...dataPlane,
  ...content,
  ...network,
} satisfies Record<string, Failure>;

/** A stable failure code, UPPER_SNAKE. */
export type RegistryErrorCode = keyof typeof failures;
