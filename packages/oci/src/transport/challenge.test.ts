import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseChallenges } from "./challenge.ts";
import { nextPage } from "./link.ts";

describe("parseChallenges", () => {
  test.each([
    [
      'Basic realm="https://123456789012.dkr.ecr.us-east-1.amazonaws.com/",service="ecr.amazonaws.com"',
      [
        {
          scheme: "basic",
          params: { realm: "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/", service: "ecr.amazonaws.com" },
        },
      ],
    ],
    [
      'Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull,push"',
      [
        {
          scheme: "bearer",
          params: { realm: "https://auth.example/token", service: "r", scope: "repository:a/b:pull,push" },
        },
      ],
    ],
    [
      'Negotiate, BASIC realm = "a \\"b\\"" , Bearer Realm=x,service="y"',
      [
        { scheme: "negotiate", params: {} },
        { scheme: "basic", params: { realm: 'a "b"' } },
        { scheme: "bearer", params: { realm: "x", service: "y" } },
      ],
    ],
    [
      "NTLM TlRMTVNTUAAC==, Basic realm=x",
      [
        { scheme: "ntlm", params: {}, token68: "TlRMTVNTUAAC==" },
        { scheme: "basic", params: { realm: "x" } },
      ],
    ],
    ['Basic realm="never ends', [{ scheme: "basic", params: {} }]],
    ["", []],
    [",,,", []],
    ['"x"', []],
    ['Basic realm="first", realm="second"', [{ scheme: "basic", params: { realm: "first" } }]],
  ])("reads %s", (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });

  test("ends, whatever the header holds", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (header) => Array.isArray(parseChallenges(header))));
  });

  test("a parameter called __proto__ is only a parameter", () => {
    const [challenge] = parseChallenges("Basic __proto__=x, realm=y");
    expect(challenge?.params.realm).toBe("y");
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe("nextPage", () => {
  const current = new URL("https://r.example/v2/a/tags/list?n=2");

  test.each([
    ['</v2/a/tags/list?n=2&last=x>; rel="next"', "/v2/a/tags/list?n=2&last=x"],
    ["<https://r.example/v2/a/tags/list?last=y>; rel=next", "/v2/a/tags/list?last=y"],
    ['</p>; rel="prev", </n>; title="t"; rel="next"', "/n"],
    ['</v2/a/tags/list?n=2>; rel="next"', undefined],
    ["", undefined],
    [undefined, undefined],
  ])("reads %s", (header, path) => {
    expect(nextPage(header, current, {})).toBe(path);
  });

  test.each([
    '<https://evil.example/x>; rel="next"',
    '<//evil.example/x>; rel="next"',
    '<http://r.example/x>; rel="next"',
  ])("refuses to take the credential to %s", (header) => {
    expect(() => nextPage(header, current, {})).toThrow(expect.objectContaining({ code: "REDIRECT_FORBIDDEN" }));
  });
});
