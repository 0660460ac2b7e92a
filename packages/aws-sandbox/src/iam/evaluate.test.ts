import { describe, expect, test } from "vitest";
import { denialMessage, evaluate, type PolicySet } from "./evaluate.ts";
import { parsePolicyDocument } from "./policy-document.ts";

const arn = "arn:aws:ecr:us-east-1:000000000000:repository/team/base";
const alice = { arn: "arn:aws:iam::000000000000:user/alice", account: "000000000000" };
const carol = { arn: "arn:aws:iam::111111111111:user/carol", account: "111111111111" };

type Statement = Record<string, unknown>;

function policies(identity: Statement[], resource?: Statement[]): PolicySet {
  const text = (Statement: Statement[]) => JSON.stringify({ Version: "2012-10-17", Statement });
  return {
    identity: [{ name: "inline", document: parsePolicyDocument(text(identity), "identity") }],
    resource: resource && { name: "repository", document: parsePolicyDocument(text(resource), "repository") },
  };
}

function ask(set: PolicySet, principal = alice, action = "ecr:BatchGetImage") {
  const request = { principal, action, resource: arn, resourceAccount: "000000000000", context: new Map() };
  const decision = evaluate(request, set);
  return decision.allowed ? "allowed" : denialMessage(request, decision).replace(/^.* on resource: \S+ /, "");
}

const allow = { Effect: "Allow", Action: "ecr:*", Resource: "*" };
const deny = { Effect: "Deny", Action: "ecr:Batch*", Resource: "*" };
const grant = (AWS: string | string[]) => ({ Effect: "Allow", Action: "ecr:BatchGetImage", Principal: { AWS } });

describe("evaluate", () => {
  test.each<[string, PolicySet, typeof alice, string]>([
    ["an identity policy that allows", policies([allow]), alice, "allowed"],
    ["nothing", policies([]), alice, "because no identity-based policy allows the ecr:BatchGetImage action"],
    ["a deny beside an allow", policies([allow, deny]), alice, "with an explicit deny in an identity-based policy"],
    ["a repository policy naming the user", policies([], [grant(alice.arn)]), alice, "allowed"],
    ["a repository policy naming everyone", policies([], [grant("*")]), alice, "allowed"],
    [
      "a repository policy naming the own account, which only delegates",
      policies([], [grant("000000000000")]),
      alice,
      "because no identity-based policy allows the ecr:BatchGetImage action",
    ],
    [
      "a repository policy that denies",
      policies([allow], [{ Effect: "Deny", Action: "ecr:*", Principal: "*" }]),
      alice,
      "with an explicit deny in a resource-based policy",
    ],
    ["both sides across accounts", policies([allow], [grant(carol.arn)]), carol, "allowed"],
    [
      "the account's root across accounts",
      policies([allow], [grant("arn:aws:iam::111111111111:root")]),
      carol,
      "allowed",
    ],
    [
      "only the identity side across accounts",
      policies([allow]),
      carol,
      "because no resource-based policy allows the ecr:BatchGetImage action",
    ],
    [
      "only the repository's side across accounts",
      policies([], [grant(carol.arn)]),
      carol,
      "because no identity-based policy allows the ecr:BatchGetImage action",
    ],
    ["an action in other letters", policies([{ ...allow, Action: "ECR:batchgetimage" }]), alice, "allowed"],
    [
      "a resource that is another repository",
      policies([{ ...allow, Resource: "arn:aws:ecr:us-east-1:000000000000:repository/team" }]),
      alice,
      "because no identity-based policy allows the ecr:BatchGetImage action",
    ],
    ["a resource prefix", policies([{ ...allow, Resource: "arn:aws:ecr:*:*:repository/team/*" }]), alice, "allowed"],
    ["a resource with sections left out", policies([{ ...allow, Resource: "arn:aws:ecr" }]), alice, "allowed"],
    ["NotAction", policies([{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }]), alice, "allowed"],
    [
      "NotResource",
      policies([{ Effect: "Allow", Action: "*", NotResource: `${arn}*` }]),
      alice,
      "because no identity-based policy allows the ecr:BatchGetImage action",
    ],
  ])("decides by %s", (_, set, principal, expected) => {
    expect(ask(set, principal)).toBe(expected);
  });

  test("traces the statements that had a say", () => {
    const request = {
      principal: alice,
      action: "ecr:BatchGetImage",
      resource: arn,
      resourceAccount: "000000000000",
      context: new Map(),
    };
    expect(evaluate(request, policies([{ ...allow, Sid: "Everything" }, deny])).trace).toEqual([
      { layer: "identity-based", policy: "inline", statement: "Everything", effect: "Allow" },
      { layer: "identity-based", policy: "inline", statement: "statement 2", effect: "Deny" },
    ]);
  });
});
