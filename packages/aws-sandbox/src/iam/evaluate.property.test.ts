import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AuthorizationRequest, evaluate } from "./evaluate.ts";
import type { PolicyDocument, PolicyStatement } from "./policy-document.ts";
import { matchesWildcard } from "./wildcard.ts";

/**
 * A second evaluator, written as plainly as the rules are told: no traces, no early answers, patterns as regular
 * expressions, one boolean a rule.
 */
const accounts = ["000000000000", "111111111111"];
const users = accounts.flatMap((account) =>
  ["alice", "bob"].map((name) => ({ account, arn: `arn:aws:iam::${account}:user/${name}` })),
);
const actions = ["ecr:BatchGetImage", "ecr:PutImage", "sts:GetAccessKeyInfo"];
const resources = ["team/a", "team/b", "x"].map((name) => `arn:aws:ecr:us-east-1:000000000000:repository/${name}`);

function pattern(text: string, flags = ""): RegExp {
  return new RegExp(
    `^${text
      .replace(/[.\\+^$()|[\]{}]/g, "\\$&")
      .replace(/\*/g, "[^]*")
      .replace(/\?/g, "[^]")}$`,
    flags,
  );
}

function applies(statement: PolicyStatement, request: AuthorizationRequest): boolean {
  const isAction = (one: string) => pattern(one, "i").test(request.action);
  const isResource = (one: string) => pattern(one).test(request.resource);
  const actionFits = statement.Action ? statement.Action.some(isAction) : !(statement.NotAction ?? []).some(isAction);
  const resourceFits = statement.Resource
    ? statement.Resource.some(isResource)
    : !statement.NotResource?.some(isResource);
  const conditions = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => {
      const isEqual = values.includes(request.context.get(key)?.[0] ?? "\0none");
      return operator === "StringEquals" ? isEqual : !isEqual;
    }),
  );
  return actionFits && resourceFits && conditions.every(Boolean);
}

function names(statement: PolicyStatement, request: AuthorizationRequest) {
  const listed = statement.Principal?.AWS ?? [];
  return {
    self: listed.includes("*") || listed.includes(request.principal.arn),
    account: listed.includes(request.principal.account),
  };
}

function oracle(request: AuthorizationRequest, identity: PolicyStatement[], resource: PolicyStatement[]): boolean {
  const fitting = identity.filter((one) => applies(one, request));
  const naming = resource.filter((one) => {
    const { self, account } = names(one, request);
    return applies(one, request) && (self || account);
  });
  const isDenied = [...fitting, ...naming].some((one) => one.Effect === "Deny");
  const identityAllows = fitting.some((one) => one.Effect === "Allow");
  const grants = naming.filter((one) => one.Effect === "Allow");
  const isSameAccount = request.principal.account === request.resourceAccount;
  if (isDenied) return false;
  if (isSameAccount) return identityAllows || grants.some((one) => names(one, request).self);
  return identityAllows && grants.length > 0;
}

const effect = fc.constantFrom("Allow" as const, "Allow" as const, "Allow" as const, "Deny" as const);
const some = (values: readonly string[]) => fc.subarray([...values], { minLength: 1, maxLength: 2 });
const actionSet = some(["*", "ecr:*", "ecr:Batch*", "ECR:putimage", "ecr:????mage", "sts:*"]);
const resourceSet = some([
  "*",
  ...resources,
  "arn:aws:ecr:us-east-1:000000000000:repository/team/*",
  "arn:aws:ecr:*:*:repository/?",
]);
const condition = fc.option(
  fc
    .record({
      operator: fc.constantFrom("StringEquals", "StringNotEquals"),
      key: fc.constantFrom("k", "l"),
      values: some(["1", "2", "3"]),
    })
    .map(({ operator, key, values }) => ({ [operator]: { [key]: values } })),
  { nil: undefined },
);
const actionPart = fc.oneof(
  actionSet.map((Action) => ({ Action })),
  actionSet.map((NotAction) => ({ NotAction })),
);
const resourcePart = fc.oneof(
  resourceSet.map((Resource) => ({ Resource })),
  resourceSet.map((NotResource) => ({ NotResource })),
);
const principalPart = some(["*", ...accounts, ...users.map(({ arn }) => arn)]).map((AWS) => ({ Principal: { AWS } }));

function statement(parts: fc.Arbitrary<object>[]): fc.Arbitrary<PolicyStatement> {
  return fc
    .tuple(effect, condition, ...parts)
    .map(([Effect, Condition, ...rest]) => Object.assign({ Effect, ...(Condition ? { Condition } : {}) }, ...rest));
}

const requests: fc.Arbitrary<AuthorizationRequest> = fc.record({
  principal: fc.constantFrom(...users),
  action: fc.constantFrom(...actions),
  resource: fc.constantFrom(...resources),
  resourceAccount: fc.constant("000000000000"),
  context: fc.constantFrom(
    new Map(),
    new Map([["k", ["1"]]]),
    new Map([
      ["k", ["2"]],
      ["l", ["3"]],
    ]),
  ),
});

function document(Statement: PolicyStatement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement };
}

describe("the evaluator and a second, naive one", () => {
  test("agree on every policy and request", () => {
    const identities = fc.array(statement([actionPart, resourcePart]), { maxLength: 4 });
    const repositories = fc.array(statement([actionPart, principalPart]), { maxLength: 3 });
    let allowed = 0;
    let runs = 0;
    fc.assert(
      fc.property(requests, identities, repositories, (request, identity, resource) => {
        const half = Math.ceil(identity.length / 2);
        const decision = evaluate(request, {
          identity: [identity.slice(0, half), identity.slice(half)].map((part, i) => ({
            name: `p${i}`,
            document: document(part),
          })),
          resource: { name: "r", document: document(resource) },
        });
        runs++;
        if (decision.allowed) allowed++;
        expect(decision.allowed).toBe(oracle(request, identity, resource));
      }),
      { numRuns: 5000 },
    );
    // Both answers must have been common, or agreement would prove little.
    expect(allowed / runs).toBeGreaterThan(0.1);
    expect(allowed / runs).toBeLessThan(0.9);
  });

  test("match wildcards alike", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", ":"), maxLength: 12 });
    const wildcard = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "?"), maxLength: 8 });
    fc.assert(
      fc.property(wildcard, text, (one, other) => matchesWildcard(one, other) === pattern(one).test(other)),
      {
        numRuns: 5000,
      },
    );
  });

  test("a hostile pattern takes no time", () => {
    const startedAt = performance.now();
    expect(matchesWildcard("*a".repeat(200), "a".repeat(5000).concat("b"))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
