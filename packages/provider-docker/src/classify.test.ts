import { describe, expect, it } from "vitest";
import { toProviderError } from "./classify-engine-error.ts";
import { classifyPullError, isExpiredCredential } from "./classify-pull-error.ts";
import { EngineError, toEngineError } from "./engine-error.ts";

describe("the engine's words about a pull", () => {
  it.each([
    [
      "pull access denied for team/base, repository does not exist or may require 'docker login': denied",
      "IMAGE_PULL_DENIED",
    ],
    [
      'Head "https://000000000000.dkr.ecr.us-east-1.amazonaws.com/v2/a/manifests/1": no basic auth credentials',
      "IMAGE_PULL_DENIED",
    ],
    ["unauthorized: authentication required", "IMAGE_PULL_DENIED"],
    ["denied: Your authorization token has expired. Reauthenticate and try again.", "IMAGE_PULL_DENIED"],
    ['error parsing HTTP 403 response body: unexpected end of JSON input: "": 403 Forbidden', "IMAGE_PULL_DENIED"],
    ["manifest for 127.0.0.1:5000/a@sha256:00 not found: manifest unknown: manifest unknown", "IMAGE_NOT_FOUND"],
    [
      "name unknown: The repository with name 'a' does not exist in the registry with id '000000000000'",
      "IMAGE_NOT_FOUND",
    ],
    ["repository 127.0.0.1:5000/a not found: name unknown: repository name not known to registry", "IMAGE_NOT_FOUND"],
    ["no matching manifest for linux/amd64 in the manifest list entries", "IMAGE_PLATFORM_MISMATCH"],
    [
      "no matching manifest for linux/arm/v7 in the manifest list entries: no match for platform in manifest: not found",
      "IMAGE_PLATFORM_MISMATCH",
    ],
    ["image with reference a was found but does not match the specified platform", "IMAGE_PLATFORM_MISMATCH"],
    [
      "failed to register layer: Error processing tar file(exit status 1): write /a: no space left on device",
      "DISK_FULL",
    ],
    [
      'Get "https://registry.example.com/v2/": dial tcp 10.0.0.1:443: connect: connection refused',
      "REGISTRY_UNREACHABLE",
    ],
    [
      'Get "https://registry.example.com/v2/": dial tcp: lookup registry.example.com: no such host',
      "REGISTRY_UNREACHABLE",
    ],
    [
      'Get "https://a/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded)',
      "REGISTRY_UNREACHABLE",
    ],
    ['Get "https://a/v2/": x509: certificate signed by unknown authority', "REGISTRY_UNREACHABLE"],
    ["http: server gave HTTP response to HTTPS client", "REGISTRY_UNREACHABLE"],
    ["received unexpected HTTP status: 503 Service Unavailable", "REGISTRY_UNREACHABLE"],
    ["toomanyrequests: Rate exceeded", "REGISTRY_UNREACHABLE"],
    ["unexpected EOF", "REGISTRY_UNREACHABLE"],
    ["filesystem layer verification failed for digest sha256:00", "IMAGE_DIGEST_MISMATCH"],
    ["manifest verification failed for digest sha256:00", "IMAGE_DIGEST_MISMATCH"],
    ["something new", undefined],
  ])("%s", (words, code) => {
    expect(classifyPullError(words)).toBe(code);
  });

  it("tell an expired credential from a wrong one", () => {
    expect(isExpiredCredential("denied: Your authorization token has expired. Reauthenticate and try again.")).toBe(
      true,
    );
    expect(isExpiredCredential("denied: Your Authorization Token is invalid.")).toBe(false);
    expect(isExpiredCredential("unauthorized: incorrect username or password")).toBe(false);
  });
});

describe("a failed engine call", () => {
  const answered = (status: number, message: string) => new EngineError(message, { status });
  const unanswered = (systemCode: string) => new EngineError("connect", { systemCode });
  it.each([
    [unanswered("ECONNREFUSED"), "ENGINE_UNREACHABLE", true],
    [unanswered("ENOENT"), "ENGINE_UNREACHABLE", true],
    [new EngineError("socket hang up", { systemCode: "ECONNRESET" }), "ENGINE_UNREACHABLE", true],
    [new EngineError("aborted"), "ENGINE_UNREACHABLE", true],
    [unanswered("EACCES"), "ENGINE_DENIED", false],
    [unanswered("SELF_SIGNED_CERT_IN_CHAIN"), "ENGINE_DENIED", false],
    [unanswered("ERR_TLS_CERT_ALTNAME_INVALID"), "ENGINE_DENIED", false],
    [answered(403, "authorization denied by plugin"), "ENGINE_DENIED", false],
    [answered(500, "mkdir /var/lib/docker/overlay2/1: no space left on device"), "DISK_FULL", false],
    [answered(500, "unable to find user dev: no matching entries in passwd file"), "IMAGE_USER_UNKNOWN", false],
    [
      answered(400, "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"),
      "RESOURCES_UNAVAILABLE",
      false,
    ],
    [answered(400, "Minimum memory limit allowed is 6MB"), "RESOURCES_UNAVAILABLE", false],
    [answered(400, "exec /bin/sh: exec format error"), "IMAGE_PLATFORM_MISMATCH", false],
    [answered(500, "something new"), "ENGINE_FAILED", true],
    [new DOMException("stop", "AbortError"), "CANCELED", true],
    [new TypeError("a bug"), "ENGINE_FAILED", true],
  ])("%s is %s", (error, code, retryable) => {
    expect(toProviderError(error)).toMatchObject({ code, retryable, cause: error });
  });

  it("never shows the engine's words", () => {
    const { message, fix } = toProviderError(answered(500, "secret path /var/lib/docker"));
    expect(`${message} ${fix}`).not.toContain("secret path");
  });

  it("keeps the engine's own words from what its client throws", () => {
    const thrown = Object.assign(new Error("(HTTP code 409) conflict - wrapped "), {
      statusCode: 409,
      json: { message: "name in use" },
    });
    expect(toEngineError(thrown)).toMatchObject({ status: 409, message: "name in use" });
  });
});
