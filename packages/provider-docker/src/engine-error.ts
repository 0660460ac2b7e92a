/** A refusal or failure of the engine, in its own words: for decisions and for the log, never for people. */
export class EngineError extends Error {
  /** HTTP status, when the engine answered. */
  readonly status: number | undefined;
  /** The system's code (`ECONNREFUSED`, …), when it did not. */
  readonly systemCode: string | undefined;

  constructor(message: string, options: { status?: number | undefined; systemCode?: string | undefined } = {}) {
    super(message);
    this.name = "EngineError";
    this.status = options.status;
    this.systemCode = options.systemCode;
  }
}

/** Turns what the Docker client throws into an `EngineError`; an abort stays what it is. */
export function toEngineError(error: unknown): Error {
  if (error instanceof EngineError) return error;
  if (!(error instanceof Error)) return new EngineError(String(error));
  if (error.name === "AbortError" || error.name === "TimeoutError") return error;
  const { statusCode, code, json } = error as {
    statusCode?: number;
    code?: string;
    json?: { message?: string } | null;
  };
  const words = typeof json?.message === "string" ? json.message : error.message;
  return new EngineError(words.trim().slice(0, 4096), { status: statusCode, systemCode: code });
}

/** Whether the engine said that the thing does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof EngineError && error.status === 404;
}

/** Whether the engine said that the thing is there already, or in use. */
export function isConflict(error: unknown): boolean {
  return error instanceof EngineError && error.status === 409;
}
