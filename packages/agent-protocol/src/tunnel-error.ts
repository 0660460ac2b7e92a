export type TunnelErrorCode =
  /** The agent's connection is gone; it dials again by itself. */
  | "AGENT_DISCONNECTED"
  /** The agent answered with another status than success. */
  | "AGENT_REFUSED"
  /** The agent's answer is not what this protocol promises. */
  | "AGENT_ANSWER_INVALID";

/** A request to an agent failed before or while it was answered. */
export class TunnelError extends Error {
  readonly code: TunnelErrorCode;

  constructor(code: TunnelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TunnelError";
    this.code = code;
  }
}
