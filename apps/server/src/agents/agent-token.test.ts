import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { mintAgentToken, verifyAgentToken } from "./agent-token.ts";

describe("agent tokens", () => {
  const key = randomBytes(32);
  const identity = { workspaceId: randomUUID(), revision: randomUUID() };
  const token = mintAgentToken(identity, key);

  test("name the workspace and the revision they were made for", () => {
    expect(verifyAgentToken(token, [key])).toEqual(identity);
  });

  test("survive a key rotation while the old key is still read", () => {
    expect(verifyAgentToken(token, [randomBytes(32), key])).toEqual(identity);
    expect(verifyAgentToken(token, [randomBytes(32)])).toBeUndefined();
  });

  test.each([
    ["another workspace's id", token.replace(identity.workspaceId, randomUUID())],
    ["another revision", token.replace(identity.revision, randomUUID())],
    ["a shortened MAC", token.slice(0, -2)],
    ["no MAC", `${identity.workspaceId}.${identity.revision}.`],
    ["a longer form", `${token}.x`],
    ["nothing", ""],
    ["something huge", "a".repeat(100_000)],
  ])("refuse %s", (_what, forged) => {
    expect(verifyAgentToken(forged, [key])).toBeUndefined();
  });
});
