import { randomUUID } from "node:crypto";
import { z } from "zod";

/** Which requests a fault strikes: all conditions given must hold. `nth` counts matching requests from 1. */
const matchSchema = z.strictObject({
  service: z.string().optional(),
  operation: z.string().optional(),
  host: z.string().optional(),
  nth: z.number().int().positive().optional(),
});

const effectSchema = z.strictObject({
  latencyMs: z.number().int().min(0).max(600_000).optional(),
  status: z.number().int().min(100).max(599).optional(),
  body: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Closes the connection without an answer. */
  reset: z.boolean().optional(),
  /** Closes the connection after this many bytes of the real answer's body. */
  truncateAfterBytes: z.number().int().min(0).optional(),
  /** Answers with other bytes of the same length. */
  wrongDigest: z.boolean().optional(),
});

/** The form in which faults are scripted, over HTTP too. `times` limits how often; unlimited by default. */
export const faultSchema = z.strictObject({
  match: matchSchema,
  effect: effectSchema,
  times: z.number().int().positive().optional(),
});

export type Fault = z.output<typeof faultSchema>;
export type FaultEffect = Fault["effect"];

type Scripted = Fault & { id: string; seen: number; struck: number };

/** Faults waiting for their requests. */
export class Faults {
  readonly #scripted = new Map<string, Scripted>();

  /** Scripts a fault; returns its id. */
  add(fault: Fault): string {
    const id = randomUUID();
    this.#scripted.set(id, { ...faultSchema.parse(fault), id, seen: 0, struck: 0 });
    return id;
  }

  remove(id: string): boolean {
    return this.#scripted.delete(id);
  }

  clear(): void {
    this.#scripted.clear();
  }

  list(): readonly (Fault & { id: string; struck: number })[] {
    return [...this.#scripted.values()].map(({ seen: _, ...fault }) => fault);
  }

  /** The fault that strikes this request, if any; the first scripted wins. */
  take(request: { service: string; operation: string; host: string }): { id: string; effect: FaultEffect } | undefined {
    for (const fault of this.#scripted.values()) {
      const { service, operation, host, nth } = fault.match;
      const isMatch =
        (service === undefined || service === request.service) &&
        (operation === undefined || operation === request.operation) &&
        (host === undefined || host === request.host);
      if (!isMatch) continue;
      fault.seen++;
      const isDue = nth === undefined || nth === fault.seen;
      const isSpent = fault.times !== undefined && fault.struck >= fault.times;
      if (!isDue || isSpent) continue;
      fault.struck++;
      return { id: fault.id, effect: fault.effect };
    }
    return undefined;
  }
}
