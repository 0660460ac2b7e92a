import type { ExecErrorCode } from "@berth/agent-protocol";

/** A command could not be started; the code decides its exit code. */
export class ExecError extends Error {
  readonly code: ExecErrorCode;

  constructor(code: ExecErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ExecError";
    this.code = code;
  }
}
