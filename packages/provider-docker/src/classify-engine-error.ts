import { ProviderError, type ProviderErrorCode } from "@berth/provider";
import { EngineError } from "./engine-error.ts";
import { failure } from "./failures.ts";

const connectionLost =
  /^(ENOENT|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** The engine has no codes, so its words decide; each pattern is seen in the wild on Docker 20.10 or later. */
const byWords: [RegExp, ProviderErrorCode][] = [
  [/no space left on device|disk quota exceeded/i, "DISK_FULL"],
  [/unable to find (user|group) |no matching entries in (passwd|group) file/i, "IMAGE_USER_UNKNOWN"],
  [/exec format error/i, "IMAGE_PLATFORM_MISMATCH"],
  [/range of cpus is from|minimum memory limit|cannot allocate memory/i, "RESOURCES_UNAVAILABLE"],
];

/** Decides what a failed engine call means. */
export function toProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof Error && error.name === "AbortError") return failure("CANCELED", { cause: error });
  if (error instanceof Error && error.name === "TimeoutError") return failure("ENGINE_UNREACHABLE", { cause: error });
  if (!(error instanceof EngineError)) return failure("ENGINE_FAILED", { cause: error });
  return failure(codeOf(error), { cause: error });
}

function codeOf(error: EngineError): ProviderErrorCode {
  const { status, systemCode, message } = error;
  if (status === undefined) {
    if (systemCode === "EACCES" || systemCode === "EPERM" || /CERT|TLS|SSL/.test(systemCode ?? ""))
      return "ENGINE_DENIED";
    return connectionLost.test(systemCode ?? "") || /socket hang up|aborted/.test(message)
      ? "ENGINE_UNREACHABLE"
      : "ENGINE_FAILED";
  }
  if (status === 401 || status === 403) return "ENGINE_DENIED";
  return byWords.find(([pattern]) => pattern.test(message))?.[1] ?? "ENGINE_FAILED";
}
