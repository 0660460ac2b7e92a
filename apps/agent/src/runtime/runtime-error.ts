export type RuntimeErrorCode =
  | "AGENT_HOST_UNSUPPORTED"
  | "AGENT_ARCH_UNSUPPORTED"
  | "AGENT_NODE_MISSING"
  | "AGENT_LIBRARY_MISSING"
  | "AGENT_BUSYBOX_MISSING"
  | "AGENT_ELF_UNSUPPORTED";

/** The agent's runtime cannot be built on this machine; `fix` says what to do. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  readonly fix: string;

  constructor(code: RuntimeErrorCode, message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RuntimeError";
    this.code = code;
    this.fix = fix;
  }
}
