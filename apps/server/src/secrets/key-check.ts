import { StartupError } from "../domain/startup-error.ts";
import { EnvelopeError, type SecretBox } from "./envelope.ts";

const recordId = "installation/key_check";
const canary = "berth";

/** Stored at the first start, so that later ones can tell whether they have the right key. */
export function sealKeyCheck(secrets: SecretBox): Buffer {
  return secrets.seal(canary, recordId);
}

/** Throws StartupError when the stored secrets were sealed by another key. */
export function verifyKeyCheck(secrets: SecretBox, keyCheck: Buffer): void {
  try {
    if (secrets.open(keyCheck, recordId) === canary) return;
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
  }
  throw new StartupError(
    "The secret key is not the one this database was set up with: put back its secret.key, or set BERTH_SECRET_KEY to it; stored credentials cannot be read without it.",
  );
}
