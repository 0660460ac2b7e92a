import { describe, expect, test } from "vitest";
import { conditionsHold } from "./conditions.ts";

const context = new Map<string, readonly string[]>([
  ["aws:username", ["alice"]],
  ["aws:principalarn", ["arn:aws:iam::000000000000:user/team/alice"]],
  ["aws:sourceip", ["10.1.2.3"]],
  ["aws:currenttime", ["2026-03-01T12:00:00Z"]],
  ["aws:epochtime", ["1772366400"]],
  ["aws:securetransport", ["true"]],
  ["s3:max-keys", ["10"]],
  ["ecr:resourcetag/team", ["a*b"]],
  ["many", ["x", "y"]],
]);

type Row = [operator: string, key: string, values: string[], expected: boolean];

describe("conditionsHold", () => {
  test.each<Row>([
    ["StringEquals", "aws:username", ["bob", "alice"], true],
    ["StringEquals", "AWS:UserName", ["alice"], true],
    ["StringEquals", "aws:username", ["Alice"], false],
    ["StringEqualsIgnoreCase", "aws:username", ["ALICE"], true],
    ["StringEquals", "aws:username", ["al*"], false],
    ["StringNotEquals", "aws:username", ["bob"], true],
    ["StringNotEquals", "aws:username", ["bob", "alice"], false],
    ["StringLike", "aws:username", ["al*"], true],
    ["StringNotLike", "aws:username", ["al*"], false],
    ["StringEquals", "missing", ["x"], false],
    ["StringNotEquals", "missing", ["x"], true],
    ["StringEqualsIfExists", "missing", ["x"], true],
    ["StringEqualsIfExists", "aws:username", ["x"], false],
    ["Null", "missing", ["true"], true],
    ["Null", "missing", ["false"], false],
    ["Null", "aws:username", ["false"], true],
    ["Bool", "aws:SecureTransport", ["True"], true],
    ["NumericLessThanEquals", "s3:max-keys", ["10"], true],
    ["NumericGreaterThan", "s3:max-keys", ["10"], false],
    ["NumericEquals", "aws:username", ["1"], false],
    ["DateLessThan", "aws:CurrentTime", ["2026-03-02T00:00:00Z"], true],
    ["DateGreaterThan", "aws:EpochTime", ["2026-03-02T00:00:00Z"], false],
    ["IpAddress", "aws:SourceIp", ["192.168.0.0/16", "10.0.0.0/8"], true],
    ["NotIpAddress", "aws:SourceIp", ["10.0.0.0/8"], false],
    ["IpAddress", "aws:SourceIp", ["2001:db8::/32"], false],
    ["ArnLike", "aws:PrincipalArn", ["arn:aws:iam::*:user/team/*"], true],
    ["ArnEquals", "aws:PrincipalArn", ["arn:aws:iam::000000000000:user/*"], true],
    ["ArnLike", "aws:PrincipalArn", ["arn:aws:*:user/team/alice"], false],
    ["ForAnyValue:StringEquals", "many", ["y"], true],
    ["ForAllValues:StringEquals", "many", ["y"], false],
    ["ForAllValues:StringEquals", "many", ["y", "x", "z"], true],
    ["ForAllValues:StringEquals", "missing", ["y"], true],
    ["ForAnyValue:StringEquals", "missing", ["y"], false],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    ["StringEquals", "aws:username", ["${aws:username}"], true],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: substituted text is never a wildcard
    ["StringLike", "aws:username", ["${ecr:ResourceTag/team}"], false],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a default
    ["StringEquals", "aws:username", ["${aws:none, 'alice'}"], true],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable without a value
    ["StringEquals", "aws:username", ["${aws:none}"], false],
  ])("%s of %s with %j is %s", (operator, key, values, expected) => {
    expect(conditionsHold({ [operator]: { [key]: values } }, { context, variables: context })).toBe(expected);
  });
});
