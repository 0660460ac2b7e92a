/** How one registry is asked: with nothing, or with a user name and a password (HTTP Basic, as Amazon ECR has it). */
export type Credential =
  | { kind: "anonymous" }
  | { kind: "basic"; username: string; password: string; expiresAt?: Date };

/** Finds the credential for a repository. Answers "anonymous" when it has none; throws only when it has one and cannot use it. */
export interface Keychain {
  credentialFor(target: { registry: string; repository?: string }, signal?: AbortSignal): Promise<Credential>;
}

/** Asks every registry without a credential. */
export const anonymousKeychain: Keychain = { credentialFor: async () => ({ kind: "anonymous" }) };

/** Gives one credential to one registry (`host[:port]`, compared exactly) and nothing to any other. */
export function staticKeychain(registry: string, credential: Credential): Keychain {
  return {
    credentialFor: async (target) => (target.registry === registry ? credential : { kind: "anonymous" }),
  };
}
