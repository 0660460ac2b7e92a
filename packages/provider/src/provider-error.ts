/** Everything that can go wrong while running a workspace, by a stable code. */
export type ProviderErrorCode =
  | "ENGINE_UNREACHABLE"
  | "ENGINE_DENIED"
  | "ENGINE_FAILED"
  | "DISK_FULL"
  | "IMAGE_PULL_DENIED"
  | "IMAGE_NOT_FOUND"
  | "IMAGE_PLATFORM_MISMATCH"
  | "IMAGE_DIGEST_MISMATCH"
  | "IMAGE_USER_UNKNOWN"
  | "REGISTRY_UNREACHABLE"
  | "RESOURCES_UNAVAILABLE"
  | "AGENT_RUNTIME_MISSING"
  | "CANCELED";

/** A failure with its fix. `message` and `fix` are ours; the engine's own words go to the log through `cause`. */
export class ProviderError extends Error {
  readonly code: ProviderErrorCode;
  readonly fix: string;
  readonly retryable: boolean;

  constructor(code: ProviderErrorCode, message: string, options: { fix: string; retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = "ProviderError";
    this.code = code;
    this.fix = options.fix;
    this.retryable = options.retryable;
  }
}
