export type ProtocolErrorCode =
  | "FRAME_UNKNOWN"
  | "FRAME_TOO_LARGE"
  | "FRAME_MALFORMED"
  | "FRAME_TRUNCATED"
  | "EXEC_PARAMS_INVALID"
  | "EXEC_PARAMS_TOO_LARGE";

/** The peer sent (or a caller asked to send) something this protocol does not allow. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ProtocolError";
    this.code = code;
  }
}
