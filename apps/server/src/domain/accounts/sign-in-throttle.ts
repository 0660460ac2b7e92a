import { BerthError } from "../berth-error.ts";

const windowMs = 5 * 60_000;
const perAccount = 10;
const perAddress = 50;
/** More keys than this and the oldest go: an attacker must not fill the memory. */
const maxKeys = 20_000;

type Count = { attempts: number; resetsAt: number };

/**
 * Limits password guesses per account and per client address. It counts in memory, so each replica of the server
 * counts for itself: n replicas allow n times as many guesses.
 */
export class SignInThrottle {
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts an attempt before its password is looked at, so that guesses at once count too. Throws TOO_MANY_ATTEMPTS. */
  attempt(account: string, address: string | null): void {
    this.#count(`account ${account}`, perAccount);
    if (address !== null) this.#count(`address ${address}`, perAddress);
  }

  /** After a right password: forgets the account's attempts, and this one of the address. */
  succeeded(account: string, address: string | null): void {
    this.#counts.delete(`account ${account}`);
    const ofAddress = this.#counts.get(`address ${address}`);
    if (ofAddress) ofAddress.attempts -= 1;
  }

  #count(key: string, limit: number): void {
    const now = this.#now();
    const known = this.#counts.get(key);
    const count = known && known.resetsAt > now ? known : { attempts: 0, resetsAt: now + windowMs };
    if (count.attempts >= limit) {
      const retryAfterSeconds = Math.ceil((count.resetsAt - now) / 1000);
      throw new BerthError("TOO_MANY_ATTEMPTS", "There were too many attempts to sign in.", {
        fix: { text: `Wait ${retryAfterSeconds} seconds, then try again.` },
        context: { retryAfterSeconds },
      });
    }
    count.attempts += 1;
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size > maxKeys) this.#dropOldest();
  }

  /** A map keeps the order of insertion, which is that of the last attempts here. */
  #dropOldest(): void {
    for (const key of this.#counts.keys()) {
      if (this.#counts.size <= maxKeys * 0.9) return;
      this.#counts.delete(key);
    }
  }
}
