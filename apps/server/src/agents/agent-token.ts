import { createHmac, timingSafeEqual } from "node:crypto";

export type AgentIdentity = { workspaceId: string; revision: string };

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function mac({ workspaceId, revision }: AgentIdentity, key: Buffer): Buffer {
  return createHmac("sha256", key).update(`agent\0${workspaceId}\0${revision}`).digest();
}

/**
 * The token of one revision of one workspace: its identity and a MAC of it, so nothing needs to be stored, and a
 * container that was replaced cannot speak for its successor.
 */
export function mintAgentToken(identity: AgentIdentity, key: Buffer): string {
  return `${identity.workspaceId}.${identity.revision}.${mac(identity, key).toString("base64url")}`;
}

/** Whose token it is; undefined when no key of ours made it. Older keys are tried after the first. */
export function verifyAgentToken(token: string, keys: readonly Buffer[]): AgentIdentity | undefined {
  const [workspaceId, revision, given, ...rest] = token.split(".");
  if (!workspaceId || !revision || !given || rest.length > 0 || token.length > 300) return undefined;
  if (!uuid.test(workspaceId) || !uuid.test(revision)) return undefined;
  const identity = { workspaceId, revision };
  const claimed = Buffer.from(given, "base64url");
  const isOurs = keys.some((key) => {
    const expected = mac(identity, key);
    return claimed.length === expected.length && timingSafeEqual(claimed, expected);
  });
  return isOurs ? identity : undefined;
}
