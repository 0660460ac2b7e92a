/** A registry token as replicas share it. `password` is a secret: an adapter that persists it must encrypt it. */
export type SharedToken = { password: string; issuedAtMs: number; expiresAtMs: number };

/**
 * Lets one of several replicas fetch a token while the others wait for it. Keys are hashes, never secrets.
 * A store that fails must throw: the broker then fetches on its own.
 */
export interface LeaseStore {
  /** The last published token, expired or not. */
  read(key: string): Promise<SharedToken | undefined>;
  /** Takes the lease for `ttlMs` unless another holder has it; taking one's own again extends it. */
  acquire(key: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Stores the token and ends the lease; false, and nothing stored, when the lease was lost. */
  publish(key: string, holder: string, token: SharedToken): Promise<boolean>;
  /** Ends the lease if `holder` still has it. */
  release(key: string, holder: string): Promise<void>;
  /** Resolves when the key's lease ended or a token was published, at the latest after `timeoutMs`; rejects when aborted. */
  settled(key: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Deletes the token. A lease held meanwhile can no longer publish. */
  remove(key: string): Promise<void>;
}
