import { RegistryError } from "@berth/oci";
import type { StaticKeys } from "./aws-credentials.ts";

/** A remark on typed credentials. Shapes are AWS's habit, not its promise, so these warn and never refuse. */
export type KeyWarning = {
  code: "AWS_KEY_FORMAT";
  field: "accessKeyId" | "secretAccessKey" | "sessionToken";
  message: string;
};

const idPattern = /^(?:AKIA|ASIA)[A-Z2-7]{16}$/;
const secretPattern = /^[A-Za-z0-9/+=]{40}$/;

/** `AKIA…WXYZ`: enough to recognise a key by, too little to use it. */
export function maskAccessKeyId(accessKeyId: string): string {
  return /^[A-Z0-9]{16,128}$/.test(accessKeyId) ? `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}` : "…";
}

/** The credentials without the blanks and line breaks that come along when they are pasted. */
export function trimKeys<T extends Omit<StaticKeys, "kind">>(keys: T): T {
  const { sessionToken } = keys;
  return {
    ...keys,
    accessKeyId: keys.accessKeyId.trim(),
    secretAccessKey: keys.secretAccessKey.trim(),
    ...(sessionToken !== undefined && { sessionToken: sessionToken.trim() }),
  };
}

/** Throws AWS_KEY_FORMAT for what cannot be sent to AWS at all, because its characters do not fit into a signed request. */
export function assertSendable({ accessKeyId, secretAccessKey, sessionToken }: Omit<StaticKeys, "kind">): void {
  const refuse = (problem: string) => {
    throw new RegistryError("AWS_KEY_FORMAT", { problem });
  };
  if (!/^\w{1,128}$/.test(accessKeyId)) refuse("The access key ID may have only letters and digits, and no blanks.");
  if (secretAccessKey === "") refuse("The secret access key is empty.");
  if (sessionToken !== undefined && !/^[\x21-\x7e]{1,20000}$/.test(sessionToken)) {
    refuse("The session token may have no blanks and no characters outside ASCII.");
  }
}

/** What looks wrong about typed credentials, in words that can stand beside the field. */
export function keyWarnings(typed: Omit<StaticKeys, "kind">): KeyWarning[] {
  const keys = trimKeys(typed);
  const warnings: KeyWarning[] = [];
  const warn = (field: KeyWarning["field"], message: string) =>
    warnings.push({ code: "AWS_KEY_FORMAT", field, message });

  if (secretPattern.test(keys.accessKeyId) && idPattern.test(keys.secretAccessKey)) {
    warn("accessKeyId", "The access key ID and the secret access key look swapped.");
    return warnings;
  }
  if (!idPattern.test(keys.accessKeyId)) {
    warn("accessKeyId", "An access key ID usually has 20 characters and begins with AKIA.");
  } else if (keys.accessKeyId.startsWith("ASIA")) {
    const missing = keys.sessionToken ? "" : " It also needs its session token.";
    warn("sessionToken", `This is a temporary key (ASIA…): it will stop working within hours.${missing}`);
  }
  if (!secretPattern.test(keys.secretAccessKey)) {
    warn("secretAccessKey", "A secret access key usually has 40 characters: letters, digits, / and +.");
  }
  return warnings;
}
