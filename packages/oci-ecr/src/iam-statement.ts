const pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"];
const browse = ["ecr:DescribeRepositories", "ecr:ListImages", "ecr:DescribeImages"];

/**
 * The statement for an IAM policy that allows `action`, together with the others that are of no use without it
 * (pulling takes three), so that one visit to IAM is enough. Pretty-printed JSON to paste.
 */
export function identityStatement(action: string, resource: string): string {
  const group = [pull, browse].find((actions) => actions.includes(action)) ?? [action];
  return print({ Effect: "Allow", Action: group, Resource: resource });
}

/** The statement for a repository's policy in another account that lets `callerArn` pull. */
export function repositoryPolicyStatement(callerArn: string): string {
  return print({ Effect: "Allow", Principal: { AWS: callerArn }, Action: [...pull, ...browse] });
}

function print(statement: Record<string, unknown>): string {
  return JSON.stringify(statement, null, 2);
}
