import type { Failure } from "@berth/api";
import { RegistryError } from "@berth/oci";
import { ProviderError } from "@berth/provider";
import { BerthError } from "./berth-error.ts";
import { problemTable } from "./problem-table.ts";

const providerTitles: Record<ProviderError["code"], string> = {
  ENGINE_UNREACHABLE: "The engine does not answer",
  ENGINE_DENIED: "The engine refuses Berth",
  ENGINE_FAILED: "The engine failed",
  DISK_FULL: "The engine's disk is full",
  IMAGE_PULL_DENIED: "The registry refused the pull",
  IMAGE_NOT_FOUND: "The image is gone from the registry",
  IMAGE_PLATFORM_MISMATCH: "The image is for another platform",
  IMAGE_DIGEST_MISMATCH: "The image is not the one that was asked for",
  IMAGE_USER_UNKNOWN: "The image's user does not exist in it",
  REGISTRY_UNREACHABLE: "The engine cannot reach the registry",
  RESOURCES_UNAVAILABLE: "The engine cannot give that much",
  AGENT_RUNTIME_MISSING: "Berth's agent is missing",
  CANCELED: "Canceled",
};

/** A failure as people see it, from whatever was thrown. What nobody foresaw becomes INTERNAL, without its text. */
export function failureOf(error: unknown): Failure {
  if (error instanceof BerthError) {
    const row = problemTable[error.code];
    return {
      code: error.code,
      title: row.title,
      detail: error.message,
      fix: error.fix ?? { text: row.fix },
      retryable: row.retryable,
    };
  }
  if (error instanceof ProviderError) {
    const { code, message, fix, retryable } = error;
    return { code, title: providerTitles[code], detail: message, fix: { text: fix }, retryable };
  }
  if (error instanceof RegistryError) {
    const { code, message, fix, retryable } = error;
    return { code, title: "The registry said no", detail: message, fix, retryable };
  }
  const row = problemTable.INTERNAL;
  return {
    code: "INTERNAL",
    title: row.title,
    detail: "Something went wrong in Berth; the server's log has the details.",
    fix: { text: row.fix },
    retryable: row.retryable,
  };
}
