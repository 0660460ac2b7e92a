/** A policy that AWS owns, as its reference guide publishes it. */
export type ManagedPolicy = {
  name: string;
  arn: string;
  policyId: string;
  description: string;
  versionId: string;
  createdAt: string;
  updatedAt: string;
  document: string;
};

const pull = ["ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"];
const browse = [
  ...pull,
  "ecr:GetRepositoryPolicy",
  "ecr:DescribeRepositories",
  "ecr:ListImages",
  "ecr:DescribeImages",
  "ecr:BatchGetImage",
  "ecr:GetLifecyclePolicy",
  "ecr:GetLifecyclePolicyPreview",
  "ecr:ListTagsForResource",
  "ecr:DescribeImageScanFindings",
];
const push = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"];

function allow(actions: readonly string[], extra: readonly object[] = []): string {
  const statement = [{ Effect: "Allow", Action: actions, Resource: "*" }, ...extra];
  return JSON.stringify({ Version: "2012-10-17", Statement: statement });
}

function managed(policy: Omit<ManagedPolicy, "arn">): ManagedPolicy {
  return { ...policy, arn: `arn:aws:iam::aws:policy/${policy.name}` };
}

const replicationRole = {
  Effect: "Allow",
  Action: ["iam:CreateServiceLinkedRole"],
  Resource: "*",
  Condition: { StringEquals: { "iam:AWSServiceName": ["replication.ecr.amazonaws.com"] } },
};

/** The AWS-managed policies an ECR user meets, and AdministratorAccess. Documents: AWS Managed Policy Reference Guide. */
export const managedPolicies: readonly ManagedPolicy[] = [
  managed({
    name: "AmazonEC2ContainerRegistryReadOnly",
    policyId: "ANPAIFYZPA37OOHVIH7KQ",
    description: "Provides read-only access to Amazon EC2 Container Registry repositories.",
    versionId: "v3",
    createdAt: "2015-12-21T17:04:15Z",
    updatedAt: "2019-12-10T20:56:22Z",
    document: allow(browse),
  }),
  managed({
    name: "AmazonEC2ContainerRegistryPullOnly",
    policyId: "ANPAZKAPJZG4PULLONLY0",
    description: "Allows access to pull images from Amazon EC2 Container Registry.",
    versionId: "v1",
    createdAt: "2024-10-04T16:58:11Z",
    updatedAt: "2024-10-04T16:58:11Z",
    document: allow([
      "ecr:GetAuthorizationToken",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
      "ecr:BatchImportUpstreamImage",
    ]),
  }),
  managed({
    name: "AmazonEC2ContainerRegistryPowerUser",
    policyId: "ANPAJDNE5PIHROIBGGDDW",
    description:
      "Provides full access to Amazon EC2 Container Registry repositories, but does not allow repository deletion or policy changes.",
    versionId: "v3",
    createdAt: "2015-12-21T17:05:33Z",
    updatedAt: "2019-12-10T20:48:22Z",
    document: allow([...browse, ...push]),
  }),
  managed({
    name: "AmazonEC2ContainerRegistryFullAccess",
    policyId: "ANPAIESRL7KD7IIVF6V4W",
    description: "Provides administrative access to Amazon ECR resources",
    versionId: "v3",
    createdAt: "2015-12-21T17:06:48Z",
    updatedAt: "2020-12-05T00:04:02Z",
    document: allow(["ecr:*", "cloudtrail:LookupEvents"], [replicationRole]),
  }),
  managed({
    name: "AdministratorAccess",
    policyId: "ANPAIWMBCKSKIEE64ZLYK",
    description: "Provides full access to AWS services and resources.",
    versionId: "v1",
    createdAt: "2015-02-06T18:39:46Z",
    updatedAt: "2015-02-06T18:39:46Z",
    document: allow(["*"]),
  }),
];
