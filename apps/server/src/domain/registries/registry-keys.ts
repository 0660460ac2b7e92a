import { BerthError } from "../berth-error.ts";

/** An AWS access key as a person entered it, trimmed. */
export type AccessKey = { accessKeyId: string; secretAccessKey: string };

/** What a form sends: either may be missing, blank, or carry the spaces and line ends that copying adds. */
export type KeyInput = { accessKeyId?: string | undefined; secretAccessKey?: string | undefined };

/** Reads the two key fields: both, or neither (`undefined`). Throws REGISTRY_KEYS_INCOMPLETE for one without the other. */
export function readKeys(input: KeyInput): AccessKey | undefined {
  const accessKeyId = input.accessKeyId?.trim() ?? "";
  const secretAccessKey = input.secretAccessKey?.trim() ?? "";
  if (accessKeyId === "" && secretAccessKey === "") return undefined;
  if (accessKeyId !== "" && secretAccessKey !== "") return { accessKeyId, secretAccessKey };
  const missing =
    accessKeyId === ""
      ? { path: "body.accessKeyId", name: "access key ID" }
      : { path: "body.secretAccessKey", name: "secret access key" };
  throw new BerthError("REGISTRY_KEYS_INCOMPLETE", `The ${missing.name} is missing.`, {
    errors: [{ path: missing.path, message: "Give both keys, or leave both blank" }],
  });
}

/** Reads the keys of a registry that must have some: blank ones mean the server's own role, which is switched off. */
export function requireKeys(input: KeyInput): AccessKey {
  const keys = readKeys(input);
  if (keys) return keys;
  throw new BerthError(
    "ECR_ROLE_SWITCH_OFF",
    "Both keys are blank, which means the server's IAM role, and ECR IAM Role Authentication is off on this server.",
  );
}

/** `AKIA…WXYZ`: enough to recognise a key by. A short or odd one shows less of itself. */
export function maskAccessKeyId(accessKeyId: string): string {
  return accessKeyId.length >= 12 ? `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}` : "…";
}
