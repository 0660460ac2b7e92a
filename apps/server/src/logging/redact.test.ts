import { describe, expect, test } from "vitest";
import { SecretValue } from "../secrets/secret-value.ts";
import { createLogger } from "./logger.ts";

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ write: (line) => lines.push(line) }));
  expect(lines).not.toEqual([]);
  return lines.join("");
}

const accessKeyId = ["AKIA", "QWERTYUIOPAS", "DFGH"].join("");
const jwt = `eyJhbGciOiJSUzI1NiJ9.${"eyJzdWIiOiJhZGEifQ"}.c2lnbmF0dXJlLWNhbmFyeQ`;
const ecrToken = Buffer.from(`AWS:eyJwYXlsb2FkIjoi${"canary".repeat(8)}`).toString("base64");
const bare = `eyJwYXlsb2FkIjoi${"Canary".repeat(8)}==`;
const sts = `IQoJb3JpZ2luX2Vj${"Canary".repeat(8)}`;
const berth = `berth_${"canary-1_".repeat(5)}`;

/** What must not be seen, by the text that carries it. */
const canaries: [what: string, text: string, secret: string][] = [
  ["an access key id", `key ${accessKeyId} was refused`, accessKeyId],
  ["basic authentication with ECR's token", `Basic ${ecrToken}`, ecrToken],
  ["ECR's token alone", `pulled with ${ecrToken}.`, ecrToken],
  ["ECR's token, decoded", `AWS:${bare}`, bare],
  ["a bearer token", "Authorization: Bearer abcdef0123456789", "abcdef0123456789"],
  ["a JSON web token", `assumed with ${jwt}`, "c2lnbmF0dXJlLWNhbmFyeQ"],
  ["an STS session token", `token ${sts}`, sts],
  ["a presigned URL's signature", "https://s3/x?X-Amz-Signature=0123canary&X-Amz-Date=1", "0123canary"],
  ["a presigned URL's session token", "https://s3/x?X-Amz-Security-Token=abc%2Fcanary", "canary"],
  ["a presigned URL's credential", "https://s3/x?X-Amz-Credential=AKIAcanary%2F2026", "AKIAcanary"],
  ["an API token of Berth", `token ${berth}`, berth],
  ["a session cookie", "cookie: a=b; berth_session=canarycanarycanary; c=d", "canarycanarycanary"],
  ["a password in a URL", "postgres://berth:canary-pw@db:5432/berth", "canary-pw"],
];

describe("no log line holds", () => {
  test.each(canaries)("%s in a message", (_what, text, secret) => {
    expect(logged((log) => log.info(text))).not.toContain(secret);
  });

  test.each(canaries)("%s in a field, deep down", (_what, text, secret) => {
    expect(logged((log) => log.warn({ request: { list: [{ note: text }] } }, "look"))).not.toContain(secret);
  });

  test.each(canaries)("%s in an error, its stack or its cause", (_what, text, secret) => {
    const error = new Error(`failed: ${text}`, { cause: new Error(text) });
    expect(logged((log) => log.error({ err: error }, "failed"))).not.toContain(secret);
  });

  test.each([
    ["secretAccessKey"],
    ["authorization"],
    ["x-amz-security-token"],
    ["X-Registry-Auth"],
    ["x-registry-config"],
    ["password"],
    ["session_token"],
    ["Set-Cookie"],
  ])("the value of a field called %s", (name) => {
    expect(logged((log) => log.info({ request: { headers: { [name]: "c4n4ry" } } }, "sent"))).not.toContain("c4n4ry");
  });

  test("what an error object drags along", () => {
    const error = Object.assign(new Error("request failed"), { config: { headers: { anything: "c4n4ry" } } });
    expect(logged((log) => log.error({ err: error }, "failed"))).not.toContain("c4n4ry");
  });

  test("a secret of the configuration", () => {
    const config = { databaseUrl: new SecretValue("c4n4ry"), nested: [new SecretValue("c4n4ry")] };
    expect(logged((log) => log.info({ config }, `started with ${config.databaseUrl}`))).not.toContain("c4n4ry");
  });
});

describe("a log line keeps", () => {
  test("the last four letters of an access key id, for support", () => {
    expect(logged((log) => log.info(`key ${accessKeyId}`))).toContain("AKIA…DFGH");
  });

  test("an error's type, code, message and stack", () => {
    const error = Object.assign(new TypeError("no such thing"), { code: "E_NOTHING" });
    const [line = ""] = logged((log) => log.error({ err: error, requestId: "r1" }, "failed")).split("\n");
    expect(JSON.parse(line)).toMatchObject({
      level: "error",
      msg: "failed",
      requestId: "r1",
      err: { type: "TypeError", code: "E_NOTHING", message: "no such thing", stack: expect.stringContaining("at ") },
    });
  });

  test("ordinary text, digests and identifiers as they are", () => {
    const text = `pulled team/base@sha256:${"0123456789abcdef".repeat(4)} for 0f8b7c52-6f0e-4a55-9a77-2f1f5dd4a111`;
    expect(logged((log) => log.info(text))).toContain(text);
  });
});
