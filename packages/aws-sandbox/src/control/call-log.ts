import type { Call, LoggedDecision } from "../call.ts";

/** One line of the request log: who asked what, what was decided and why. */
export type LogEntry = {
  id: string;
  /** ISO 8601, on the virtual clock. */
  at: string;
  service: string;
  operation: string;
  host: string;
  method: string;
  path: string;
  account: string;
  region: string;
  /** ARN of the caller, once a credential was believed. */
  principal: string | undefined;
  accessKeyId: string | undefined;
  status: number;
  /** AWS's error code where the answer was a refusal. */
  errorCode: string | undefined;
  errorMessage: string | undefined;
  durationMs: number;
  decisions: LoggedDecision[];
  /** Id of the fault that was injected. */
  fault: string | undefined;
};

export type CallOutcome = Pick<LogEntry, "status" | "errorCode" | "errorMessage" | "durationMs" | "fault">;

/** The latest requests, oldest first, in memory. */
export class CallLog {
  readonly #entries: LogEntry[] = [];
  readonly #capacity: number;
  #total = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(call: Call, outcome: CallOutcome): void {
    const { principal, at, sourceIp: _ip, userAgent: _agent, scheme: _scheme, ...rest } = call;
    const entry = {
      ...rest,
      ...outcome,
      at: new Date(at).toISOString(),
      principal: principal?.arn,
      accessKeyId: principal?.accessKeyId,
    };
    this.#entries.push(entry);
    this.#total++;
    if (this.#entries.length > this.#capacity) this.#entries.shift();
  }

  entries(): readonly LogEntry[] {
    return [...this.#entries];
  }

  /** Requests since the start or the last `clear`, those no longer kept included. */
  get total(): number {
    return this.#total;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#total = 0;
  }
}
