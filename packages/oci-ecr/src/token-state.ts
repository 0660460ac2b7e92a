import type { RegistryError } from "@berth/oci";

/** A registry token in memory. Times are of our clock, in ms since the epoch. */
export type RegistryToken = { password: string; issuedAtMs: number; expiresAtMs: number };

/** What is known for one key. Pure data: `decide`, `afterToken` and `afterFailure` are its whole logic. */
export type TokenState = {
  token?: RegistryToken;
  /** From here on the token is renewed in the background, at half its life or thereabouts. */
  refreshAtMs?: number;
  /** The last failure, and until when it answers instead of a new attempt. */
  failure?: { error: RegistryError; untilMs: number; attempts: number };
};

/** What to do for someone who asks. */
export type Decision =
  | { kind: "hand-out"; token: RegistryToken; refresh: boolean }
  | { kind: "fetch" }
  | { kind: "refuse"; error: RegistryError };

/** A clock that went back by more than this makes the recorded times worthless. */
const clockToleranceMs = 60_000;
/** A token this young is as good as a new one. */
const justIssuedMs = 5_000;
const failureBaseMs = 1_000;
const failureMaxMs = 30_000;
const denialBaseMs = 5_000;
const denialMaxMs = 60_000;

/** How long the token is good for; negative when expired, or when the clock has been moved to before it was issued. */
export function remainingMs(token: RegistryToken, now: number): number {
  return now < token.issuedAtMs - clockToleranceMs ? -1 : token.expiresAtMs - now;
}

/** Decides on one question. Never hands out a token with less than `minRemainingMs` to live. */
export function decide(state: TokenState, now: number, minRemainingMs: number): Decision {
  const { token, failure } = state;
  const isCoolingDown = failure !== undefined && now < failure.untilMs;
  if (token !== undefined && remainingMs(token, now) >= Math.max(minRemainingMs, 1)) {
    return { kind: "hand-out", token, refresh: !isCoolingDown && now >= (state.refreshAtMs ?? 0) };
  }
  return isCoolingDown ? { kind: "refuse", error: failure.error } : { kind: "fetch" };
}

/** Whether another fetch could not bring a longer-lived token than the one there is. */
export function isJustIssued(token: RegistryToken, now: number): boolean {
  return Math.abs(now - token.issuedAtMs) < justIssuedMs;
}

/** The state after a token arrived. `random` is in [0, 1): renewal falls between 45 and 55 % of the token's life. */
export function afterToken(token: RegistryToken, random: number): TokenState {
  const lifeMs = token.expiresAtMs - token.issuedAtMs;
  return { token, refreshAtMs: token.issuedAtMs + lifeMs * (0.45 + 0.1 * random) };
}

/**
 * The state after a failed fetch. Only a failure that may pass by itself (outage, throttling, network) leaves the
 * old token in use; after a denial nothing is handed out any more.
 */
export function afterFailure(state: TokenState, error: RegistryError, now: number): TokenState {
  const attempts = (state.failure?.attempts ?? 0) + 1;
  const [base, max] = error.retryable ? [failureBaseMs, failureMaxMs] : [denialBaseMs, denialMaxMs];
  const failure = { error, attempts, untilMs: now + Math.min(max, base * 2 ** Math.min(attempts - 1, 10)) };
  const { token, refreshAtMs } = state;
  return error.retryable && token !== undefined && refreshAtMs !== undefined
    ? { token, refreshAtMs, failure }
    : { failure };
}
