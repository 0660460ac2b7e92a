import type { Failure } from "@berth/api";

/** What the shell is told, by kind of failure. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  invalid: 2,
  forbidden: 3,
  notFound: 4,
  conflict: 5,
  unavailable: 6,
  /** From `exec`: Berth failed, not the command. */
  execFailed: 255,
} as const;
export type ExitKind = Exclude<keyof typeof exitCodes, "ok">;

type Details = { code: string; title?: string; detail: string; fix?: Failure["fix"]; retryable?: boolean };

/** A failure that the command line itself found, told as the server tells its own. */
export class CliError extends Error {
  readonly kind: ExitKind;
  readonly failure: Failure;

  constructor(kind: ExitKind, details: Details, options?: ErrorOptions) {
    super(details.detail, options);
    this.name = "CliError";
    this.kind = kind;
    this.failure = {
      code: details.code,
      title: details.title ?? details.detail,
      detail: details.detail,
      ...(details.fix ? { fix: details.fix } : {}),
      retryable: details.retryable ?? false,
    };
  }
}

/** The command line cannot be understood or carried out as typed. */
export function usageError(detail: string, fix?: Failure["fix"]): CliError {
  return new CliError("invalid", {
    code: "USAGE",
    title: "The command line is not valid",
    detail,
    ...(fix ? { fix } : {}),
  });
}

/** A signal ended the command before it was done. */
export class Interrupted extends Error {
  /** 128 + the signal's number, as a shell counts. */
  readonly exitCode: number;

  constructor(name: "INT" | "TERM" | "HUP") {
    super("Interrupted");
    this.name = "Interrupted";
    this.exitCode = { INT: 130, TERM: 143, HUP: 129 }[name];
  }
}
