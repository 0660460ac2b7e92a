import { ProviderError, type ProviderErrorCode } from "@berth/provider";

/** What every failure of this provider says by default, and whether trying again unchanged may help. */
const failures: Record<ProviderErrorCode, { message: string; fix: string; retryable: boolean }> = {
  ENGINE_UNREACHABLE: {
    message: "The container engine does not answer.",
    fix: "Check that it runs and that its address is right; Berth tries again by itself.",
    retryable: true,
  },
  ENGINE_DENIED: {
    message: "The container engine refused Berth.",
    fix: "Let Berth's user open the engine's socket (on Linux: add it to the docker group), or check the TLS certificates.",
    retryable: false,
  },
  ENGINE_FAILED: {
    message: "The container engine could not do what was asked of it.",
    fix: "Look at the engine's log and at Berth's, which holds the engine's own words; then try again.",
    retryable: true,
  },
  DISK_FULL: {
    message: "The engine's disk is full.",
    fix: "Free space on the engine's machine, e.g. with `docker system df` and `docker image prune`, then try again.",
    retryable: false,
  },
  IMAGE_PULL_DENIED: {
    message: "The registry did not let the engine pull the image.",
    fix: "Check the registry's credentials and that they may pull this repository.",
    retryable: false,
  },
  IMAGE_NOT_FOUND: {
    message: "The registry does not have this image any more.",
    fix: "Rebuild the workspace from a tag that exists, or push the image again.",
    retryable: false,
  },
  IMAGE_PLATFORM_MISMATCH: {
    message: "The image is made for another platform than the engine's.",
    fix: "Choose an image for the engine's platform, or push one for several platforms.",
    retryable: false,
  },
  IMAGE_DIGEST_MISMATCH: {
    message: "The engine did not receive the image that was asked for.",
    fix: "Something between engine and registry changes images; check the registry's address and any proxy.",
    retryable: false,
  },
  IMAGE_USER_UNKNOWN: {
    message: "The image runs as a user that does not exist in it.",
    fix: "Add the user to the image's /etc/passwd, or change its USER to one that exists or to a number.",
    retryable: false,
  },
  REGISTRY_UNREACHABLE: {
    message: "The engine could not reach the registry.",
    fix: "Check the network, name service and proxy of the engine's machine; then try again.",
    retryable: true,
  },
  RESOURCES_UNAVAILABLE: {
    message: "The engine cannot give the workspace what it asks for.",
    fix: "Ask for fewer CPUs or another amount of memory.",
    retryable: false,
  },
  AGENT_RUNTIME_MISSING: {
    message: "Berth's agent is not on the engine.",
    fix: "Try again: Berth puts its agent on the engine anew.",
    retryable: true,
  },
  CANCELED: { message: "It was canceled.", fix: "Start it again when you like.", retryable: true },
};

/** Makes a `ProviderError` from the table; `message` and `fix` say it more exactly where more is known. */
export function failure(
  code: ProviderErrorCode,
  more: { message?: string; fix?: string; cause?: unknown } = {},
): ProviderError {
  const row = failures[code];
  return new ProviderError(code, more.message ?? row.message, {
    fix: more.fix ?? row.fix,
    retryable: row.retryable,
    cause: more.cause,
  });
}
