import { createHash } from "node:crypto";
import type { AwsCredentials } from "./aws-credentials.ts";

type Known = { credentials: AwsCredentials; fingerprint: string };

const maxKnown = 1_000;

/**
 * Names identities without telling them: the same keys give the same fingerprint, an edited secret gives another.
 * It may be stored, since AWS's secrets are random and long. Known ones are looked up, not hashed again.
 */
export class CredentialFingerprints {
  readonly #known = new Map<string, Known>();

  of(credentials: AwsCredentials): string {
    const known = this.#known.get(credentials.accessKeyId);
    if (known !== undefined && isSame(known.credentials, credentials)) return known.fingerprint;
    const { kind, accessKeyId, secretAccessKey, sessionToken } = credentials;
    const fingerprint = createHash("sha256")
      .update(JSON.stringify([kind, accessKeyId, secretAccessKey, sessionToken ?? null]))
      .digest("base64url");
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(accessKeyId, { credentials: { ...credentials }, fingerprint });
    return fingerprint;
  }
}

function isSame(a: AwsCredentials, b: AwsCredentials): boolean {
  return a.kind === b.kind && a.secretAccessKey === b.secretAccessKey && a.sessionToken === b.sessionToken;
}
