import { z } from "zod";
import { isConditionOperator } from "./condition-operators.ts";

const oneOrMany = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]));
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const conditionValues = z
  .union([scalar, z.array(scalar)])
  .transform((value) => (Array.isArray(value) ? value : [value]));
const principals = z.union([
  z.literal("*").transform(() => ({ AWS: ["*"] })),
  z.strictObject({
    AWS: oneOrMany.optional(),
    Service: oneOrMany.optional(),
    Federated: oneOrMany.optional(),
    CanonicalUser: oneOrMany.optional(),
  }),
]);

const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Action: oneOrMany.optional(),
  NotAction: oneOrMany.optional(),
  Resource: oneOrMany.optional(),
  NotResource: oneOrMany.optional(),
  Principal: principals.optional(),
  NotPrincipal: principals.optional(),
  Condition: z.record(z.string(), z.record(z.string(), conditionValues)).optional(),
});

const documentSchema = z.strictObject({
  Version: z.enum(["2008-10-17", "2012-10-17"]).optional(),
  Id: z.string().optional(),
  Statement: z
    .union([statementSchema, z.array(statementSchema)])
    .transform((value) => (Array.isArray(value) ? value : [value])),
});

export type PolicyStatement = z.output<typeof statementSchema>;
export type PolicyDocument = z.output<typeof documentSchema>;

/** What a policy is attached to: an identity, whose principal is implied, or a repository, which is its own resource. */
export type PolicyKind = "identity" | "repository";

/** A policy document that its service would refuse. */
export class MalformedPolicy extends Error {}

const actionPattern = /^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/;

function statementProblem(statement: PolicyStatement, kind: PolicyKind): string | undefined {
  const actions = statement.Action ?? statement.NotAction;
  if (!actions || (statement.Action && statement.NotAction)) return "Policy statement must contain actions.";
  const bad = actions.find((action) => !actionPattern.test(action));
  if (bad !== undefined) return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
  if (statement.Resource && statement.NotResource) return "Syntax errors in policy.";
  for (const operator of Object.keys(statement.Condition ?? {})) {
    if (!isConditionOperator(operator)) return `Invalid Condition type : ${operator}.`;
  }
  const names = statement.Principal ?? statement.NotPrincipal;
  if (kind === "repository") {
    if (statement.Resource || statement.NotResource) return "A repository policy has no resource of its own";
    return names ? undefined : "Missing required field Principal";
  }
  if (names) return "Policy document should not specify a principal.";
  const resources = statement.Resource ?? statement.NotResource;
  if (!resources) return "Policy statement must contain resources.";
  const notArn = resources.find((resource) => resource !== "*" && !/^(arn:|\*|\$\{)/.test(resource));
  return notArn === undefined ? undefined : `Resource ${notArn} must be in ARN format or "*".`;
}

/** Parses a policy as strictly as its service does; throws `MalformedPolicy` with the service's reason. */
export function parsePolicyDocument(text: string, kind: PolicyKind): PolicyDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new MalformedPolicy("This policy contains invalid Json");
  }
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) throw new MalformedPolicy("Syntax errors in policy.");
  const sids = parsed.data.Statement.flatMap(({ Sid }) => (Sid ? [Sid] : []));
  if (new Set(sids).size < sids.length)
    throw new MalformedPolicy("Statement IDs (SID) in a single policy must be unique.");
  for (const statement of parsed.data.Statement) {
    const problem = statementProblem(statement, kind);
    if (problem !== undefined) throw new MalformedPolicy(problem);
  }
  return parsed.data;
}
