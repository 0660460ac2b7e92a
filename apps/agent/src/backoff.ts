const firstDelaysMs = [20, 50, 100];

/** How long to wait before dialling again, before jitter. */
export function baseDelayMs(failures: number, options: { isRejected: boolean; capMs: number }): number {
  // A rejected token rarely becomes good in an instant; a restarting server does come back in one.
  const exponent = Math.min(failures, 20);
  const delay = options.isRejected ? 1000 * 2 ** exponent : (firstDelaysMs[failures] ?? 100 * 2 ** (exponent - 2));
  return Math.min(delay, options.isRejected ? Math.max(options.capMs, 5000) : options.capMs);
}

/** Spreads agents that lost their server at once: between half of the delay and all of it. `random` is in [0, 1). */
export function withJitter(delayMs: number, random: number): number {
  return delayMs * (0.5 + random / 2);
}
