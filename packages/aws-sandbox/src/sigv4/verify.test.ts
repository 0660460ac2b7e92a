import { describe, expect, test } from "vitest";
import { sha256Hex } from "./canonical-request.ts";
import { signHeaders } from "./sign.ts";
import { computeSignature } from "./signature.ts";
import { type KeyLookup, type VerifyOptions, verifySignature } from "./verify.ts";

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const scope = { date: "20150830", region: "us-east-1", service: "service" };
const amzDate = "20150830T123600Z";

type Vector = {
  method?: string;
  path?: string;
  query?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
  signature: string;
};

/** AWS's published test suite: names, requests and signatures as they are there. */
const vectors: Record<string, Vector> = {
  "get-vanilla": { signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
  "get-vanilla-query-order-key-case": {
    query: "Param2=value2&Param1=value1",
    signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  "get-vanilla-utf8-query": {
    query: "ሴ=bar",
    signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
  },
  "get-utf8": { path: "/ሴ", signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
  "get-space": {
    path: "/example space/",
    signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
  },
  "get-slashes": { path: "//example//", signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84" },
  "get-relative": {
    path: "/example/..",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  "get-header-value-trim": {
    headers: { "my-header1": " value1", "my-header2": ' "a   b   c"' },
    signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  },
  "post-vanilla": {
    method: "POST",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  "post-x-www-form-urlencoded": {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "Param1=value1",
    signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  },
};

function signatureOf({ method = "GET", path = "/", query = "", headers = {}, body = "" }: Vector): string {
  const all = new Map<string, string[]>([
    ["host", ["example.amazonaws.com"]],
    ["x-amz-date", [amzDate]],
    ...Object.entries(headers).map(([name, value]): [string, string[]] => [name, [value].flat()]),
  ]);
  const request = { method, path, query, headers: all, payloadHash: sha256Hex(body) };
  return computeSignature(
    request,
    { path: "double-encoded", signedHeaders: [...all.keys()] },
    { secret, amzDate, scope },
  );
}

describe("AWS's published signature vectors", () => {
  test.each(Object.entries(vectors))("%s", (_, vector) => {
    expect(signatureOf(vector)).toBe(vector.signature);
  });
});

const now = Date.parse("2026-03-01T12:00:00Z");
const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: secret, region: "us-east-1", service: "ecr" };
const lookup: KeyLookup<string> = (id, token) => {
  if (token === "expired") return { kind: "session_expired" };
  return id === key.accessKeyId ? { kind: "found", secret, identity: "alice" } : { kind: "unknown" };
};

type Change = { headers?: Record<string, string | undefined>; body?: string; query?: string; at?: number };

/** Signs a request as a client would, changes it on the way, and verifies what arrives. */
function arrive(change: Change = {}, signing: Partial<typeof key & { sessionToken: string }> = {}, late = 0) {
  const request = {
    method: "POST",
    path: "/",
    query: "",
    headers: { host: "api.ecr.us-east-1.amazonaws.com" },
    body: "{}",
  };
  const signed: Record<string, string | undefined> = {
    ...signHeaders(request, { ...key, ...signing }, now),
    ...change.headers,
  };
  const headers = new Map(
    Object.entries(signed).flatMap(([name, value]): [string, string[]][] =>
      value === undefined ? [] : [[name, [value]]],
    ),
  );
  const options: VerifyOptions<string> = {
    service: "ecr",
    region: "us-east-1",
    isRegion: (region) => region === "us-east-1",
    path: "double-encoded",
    now: now + late,
    lookup,
  };
  const payloadHash = sha256Hex(change.body ?? "{}");
  return verifySignature({ ...request, query: change.query ?? "", headers, payloadHash }, options);
}

describe("verifySignature", () => {
  test("believes a signature made with the right secret", () => {
    expect(arrive()).toMatchObject({ ok: true, identity: "alice" });
  });

  test.each([
    ["a changed body", { body: "{ }" }, {}],
    ["an added query", { query: "a=b" }, {}],
    ["another secret", {}, { secretAccessKey: "wrong" }],
    ["a changed host", { headers: { host: "evil.example" } }, {}],
  ])("refuses %s as a mismatch", (_, change, signing) => {
    const refused = { kind: "refused", message: expect.stringContaining("does not match the signature you provided") };
    expect(arrive(change, signing)).toMatchObject({ ok: false, failure: refused });
  });

  test.each([
    [5 * 60_000, true],
    [5 * 60_000 + 1, false],
    [-5 * 60_000, true],
    [-5 * 60_000 - 1, false],
  ])("takes a request %d ms after its date: %s", (late, expected) => {
    expect(arrive({}, {}, late).ok).toBe(expected);
  });

  test("tells both times when a signature is late or early", () => {
    expect(arrive({}, {}, 600_000)).toMatchObject({
      failure: {
        message: "Signature expired: 20260301T120000Z is now earlier than 20260301T120500Z (20260301T121000Z - 5 min.)",
      },
    });
    expect(arrive({}, {}, -600_000)).toMatchObject({
      failure: {
        message:
          "Signature not yet current: 20260301T120000Z is still later than 20260301T115500Z (20260301T115000Z + 5 min.)",
      },
    });
  });

  test("names the region and the service that a scope should have had", () => {
    expect(arrive({}, { region: "eu-west-1", service: "sts" })).toMatchObject({
      failure: {
        message:
          "Credential should be scoped to a valid region, not 'eu-west-1'. Credential should be scoped to correct service: 'ecr'.",
      },
    });
  });

  test("wants every x-amz header under the signature", () => {
    const change = { headers: { "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.DeleteRepository" } };
    expect(arrive(change)).toMatchObject({ failure: { message: expect.stringContaining("'x-amz-target' must be") } });
  });

  test("tells an unknown key and an ended session apart", () => {
    expect(arrive({}, { accessKeyId: "AKIDOTHER" })).toMatchObject({ failure: { kind: "unknown_key" } });
    expect(arrive({}, { sessionToken: "expired" })).toMatchObject({ failure: { kind: "session_expired" } });
  });

  test("tells a request that is not signed from one that is signed badly", () => {
    expect(arrive({ headers: { authorization: undefined } })).toMatchObject({ failure: { kind: "missing" } });
    const authorization =
      "AWS4-HMAC-SHA256 Credential=AKID /20260301/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=0";
    expect(arrive({ headers: { authorization } })).toMatchObject({
      failure: { kind: "incomplete", message: expect.stringContaining("not a valid key=value pair") },
    });
    expect(
      arrive({ headers: { authorization: "AWS4-HMAC-SHA256 Credential=a/20260301/us-east-1/ecr/aws4_request" } }),
    ).toMatchObject({
      failure: { kind: "incomplete", message: expect.stringContaining("requires 'Signature' parameter") },
    });
  });
});
