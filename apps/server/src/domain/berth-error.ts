import type { ProblemCode } from "./problem-table.ts";

export type Fix = { text: string; command?: string };

export type BerthErrorOptions = {
  fix?: Fix;
  /** Facts a client may act on; never a secret. */
  context?: Record<string, unknown>;
  /** Where in the request, as `body.name`, and what is wrong there. */
  errors?: { path: string; message: string }[];
  cause?: unknown;
};

/** A refusal or failure that Berth itself decides. `message` says what happened, for people. */
export class BerthError extends Error {
  readonly code: ProblemCode;
  readonly fix: Fix | undefined;
  readonly context: Record<string, unknown> | undefined;
  readonly errors: { path: string; message: string }[] | undefined;

  constructor(code: ProblemCode, message: string, options: BerthErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "BerthError";
    this.code = code;
    this.fix = options.fix;
    this.context = options.context;
    this.errors = options.errors;
  }
}
