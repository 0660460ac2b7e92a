import { describe, expect, test } from "vitest";
import { parsePolicyDocument } from "./policy-document.ts";

function statement(change: Record<string, unknown>): string {
  const base = { Effect: "Allow", Action: "ecr:*", Resource: "*" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ ...base, ...change }] });
}

describe("parsePolicyDocument", () => {
  test("takes single values as lists of one", () => {
    const { Statement } = parsePolicyDocument(
      statement({ Condition: { Bool: { "aws:SecureTransport": true } } }),
      "identity",
    );
    expect(Statement).toEqual([
      { Effect: "Allow", Action: ["ecr:*"], Resource: ["*"], Condition: { Bool: { "aws:SecureTransport": ["true"] } } },
    ]);
  });

  test.each([
    ["no JSON", "{", "This policy contains invalid Json"],
    ["an unknown member", statement({ Resources: "*" }), "Syntax errors in policy."],
    ["an effect in lower case", statement({ Effect: "allow" }), "Syntax errors in policy."],
    ["no action", statement({ Action: undefined }), "Policy statement must contain actions."],
    ["an action without its service", statement({ Action: "GetUser" }), "prefaced by a vendor"],
    ["no resource", statement({ Resource: undefined }), "Policy statement must contain resources."],
    ["a resource that is no ARN", statement({ Resource: "team/base" }), 'must be in ARN format or "*"'],
    ["a principal", statement({ Principal: "*" }), "Policy document should not specify a principal."],
    ["an unknown operator", statement({ Condition: { StringIs: { a: "b" } } }), "Invalid Condition type : StringIs."],
    ["another version", JSON.stringify({ Version: "2020-01-01", Statement: [] }), "Syntax errors in policy."],
  ])("refuses %s", (_, text, reason) => {
    expect(() => parsePolicyDocument(text, "identity")).toThrow(reason);
  });

  test("wants a principal in a repository policy, and no resource", () => {
    expect(() => parsePolicyDocument(statement({ Resource: undefined }), "repository")).toThrow("Principal");
    expect(() => parsePolicyDocument(statement({ Principal: "*" }), "repository")).toThrow("no resource");
    expect(() => parsePolicyDocument(statement({ Resource: undefined, Principal: "*" }), "repository")).not.toThrow();
  });
});
