/** Tells the time in milliseconds since the epoch; every deadline in the sandbox asks one of these. */
export type Clock = { now(): number };

/** Real time plus an offset that tests and operators can move, so that twelve hours pass in a moment. */
export class VirtualClock implements Clock {
  #offsetMs = 0;

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Moves the clock by `ms`, which may be negative. */
  advance(ms: number): void {
    this.#offsetMs += ms;
  }

  /** Milliseconds between this clock and the machine's. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  reset(): void {
    this.#offsetMs = 0;
  }
}

/** `20260131T235959Z`, the form of SigV4. */
export function toAmzDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** `2026-01-31T23:59:59Z`, the form of the XML protocols. */
export function toIsoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Parses `20260131T235959Z`; undefined when it is anything else. */
export function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
