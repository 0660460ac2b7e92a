import { type Contexts, conditionsHold } from "./conditions.ts";
import type { PolicyDocument, PolicyStatement } from "./policy-document.ts";
import { type RequestContext, substituteVariables } from "./variables.ts";
import { matchesResource, matchesWildcard } from "./wildcard.ts";

/** Who asks, as policies name it. */
export type RequestPrincipal = { arn: string; account: string };

export type AuthorizationRequest = {
  principal: RequestPrincipal;
  /** `ecr:BatchGetImage` */
  action: string;
  resource: string;
  /** The account that owns the resource. */
  resourceAccount: string;
  context: RequestContext;
};

/** A policy that has a say, with the name under which the trace mentions it. */
export type AttachedPolicy = { name: string; document: PolicyDocument };

export type PolicySet = {
  identity: readonly AttachedPolicy[];
  /** The repository's policy; undefined where there is none, or where the action knows none. */
  resource: AttachedPolicy | undefined;
};

export type Layer = "identity-based" | "resource-based";

/** One statement that matched, for the log. */
export type TraceEntry = { layer: Layer; policy: string; statement: string; effect: "Allow" | "Deny" };

export type Decision =
  | { allowed: true; trace: TraceEntry[] }
  | { allowed: false; layer: Layer; isExplicit: boolean; trace: TraceEntry[] };

function actionMatches(statement: PolicyStatement, action: string): boolean {
  const matches = (pattern: string) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase());
  if (statement.Action) return statement.Action.some(matches);
  return statement.NotAction ? !statement.NotAction.some(matches) : false;
}

function resourceMatches(statement: PolicyStatement, request: AuthorizationRequest, { variables }: Contexts): boolean {
  const matches = (pattern: string) => {
    const substituted = substituteVariables(pattern, variables);
    return substituted !== undefined && matchesResource(substituted, request.resource);
  };
  if (statement.Resource) return statement.Resource.some(matches);
  return statement.NotResource ? !statement.NotResource.some(matches) : true;
}

type PrincipalMatch = "no" | "account" | "principal";

function matchNames(names: readonly string[], principal: RequestPrincipal): PrincipalMatch {
  if (names.includes("*") || names.includes(principal.arn)) return "principal";
  const account = [principal.account, `arn:aws:iam::${principal.account}:root`];
  return names.some((name) => account.includes(name)) ? "account" : "no";
}

/** How a repository policy's statement names the caller: not at all, by its account, or itself. */
function matchPrincipal(statement: PolicyStatement, principal: RequestPrincipal): PrincipalMatch {
  if (statement.Principal) return matchNames(statement.Principal.AWS ?? [], principal);
  if (statement.NotPrincipal) {
    return matchNames(statement.NotPrincipal.AWS ?? [], principal) === "no" ? "principal" : "no";
  }
  return "principal";
}

function describe(statement: PolicyStatement, index: number): string {
  return statement.Sid ?? `statement ${index + 1}`;
}

type Verdict = { isAllowed: boolean; isDenied: boolean };

function applyPolicy(
  policy: AttachedPolicy,
  layer: Layer,
  request: AuthorizationRequest,
  trace: TraceEntry[],
): Verdict {
  const verdict: Verdict = { isAllowed: false, isDenied: false };
  const variables = policy.document.Version === "2012-10-17" ? request.context : undefined;
  const contexts = { context: request.context, variables };
  for (const [index, statement] of policy.document.Statement.entries()) {
    if (!actionMatches(statement, request.action) || !resourceMatches(statement, request, contexts)) continue;
    const named = layer === "identity-based" ? "principal" : matchPrincipal(statement, request.principal);
    if (named === "no" || !conditionsHold(statement.Condition, contexts)) continue;
    trace.push({ layer, policy: policy.name, statement: describe(statement, index), effect: statement.Effect });
    if (statement.Effect === "Deny") verdict.isDenied = true;
    // Naming the own account only delegates to its identity policies; it grants nothing by itself.
    else if (named === "principal" || request.principal.account !== request.resourceAccount) verdict.isAllowed = true;
  }
  return verdict;
}

/**
 * Decides a request by IAM's rules: an explicit deny anywhere wins; inside one account an identity-based or a
 * resource-based allow suffices; across accounts both are needed.
 */
export function evaluate(request: AuthorizationRequest, policies: PolicySet): Decision {
  const trace: TraceEntry[] = [];
  const identity: Verdict = { isAllowed: false, isDenied: false };
  for (const policy of policies.identity) {
    const verdict = applyPolicy(policy, "identity-based", request, trace);
    identity.isAllowed ||= verdict.isAllowed;
    identity.isDenied ||= verdict.isDenied;
  }
  const resource = policies.resource
    ? applyPolicy(policies.resource, "resource-based", request, trace)
    : { isAllowed: false, isDenied: false };
  if (identity.isDenied) return { allowed: false, layer: "identity-based", isExplicit: true, trace };
  if (resource.isDenied) return { allowed: false, layer: "resource-based", isExplicit: true, trace };
  if (request.principal.account === request.resourceAccount) {
    if (identity.isAllowed || resource.isAllowed) return { allowed: true, trace };
    return { allowed: false, layer: "identity-based", isExplicit: false, trace };
  }
  if (!resource.isAllowed) return { allowed: false, layer: "resource-based", isExplicit: false, trace };
  if (!identity.isAllowed) return { allowed: false, layer: "identity-based", isExplicit: false, trace };
  return { allowed: true, trace };
}

/** The sentence AWS refuses with, naming the layer that decided. */
export function denialMessage(request: AuthorizationRequest, decision: Decision & { allowed: false }): string {
  const start = `User: ${request.principal.arn} is not authorized to perform: ${request.action} on resource: ${request.resource}`;
  const article = decision.layer === "identity-based" ? "an" : "a";
  if (decision.isExplicit) return `${start} with an explicit deny in ${article} ${decision.layer} policy`;
  return `${start} because no ${decision.layer} policy allows the ${request.action} action`;
}
