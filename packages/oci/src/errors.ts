import { type Fix, failures, type RegistryErrorCode, type RegistryFacts } from "./failures.ts";

/** What support needs beside the sentence: request ids, ARNs, hosts. Never a secret, never upstream prose. */
export type Evidence = Readonly<Record<string, string | number | boolean>>;

/** A failure of a registry, or on the way to it, in our own words. Sentences come from one table; see `failures.ts`. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  readonly fix: Fix;
  /** Whether the same request may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly evidence: Evidence;

  constructor(code: RegistryErrorCode, facts: RegistryFacts = {}, said: { message?: string; fix?: Fix } = {}) {
    const failure = failures[code];
    super(said.message ?? failure.message(facts));
    this.name = "RegistryError";
    this.code = code;
    this.fix = said.fix ?? failure.fix(facts);
    this.retryable = failure.retryable;
    this.evidence = evidenceOf(facts);
  }
}

function evidenceOf(facts: RegistryFacts): Evidence {
  const entries = Object.entries(facts).filter(([name, value]) => value !== undefined && name !== "statement");
  return Object.freeze(Object.fromEntries(entries));
}
