import type { ProviderErrorCode } from "@berth/provider";

/** In this order: a full disk or a foreign platform is sometimes told inside a longer sentence about the registry. */
const patterns: [RegExp, ProviderErrorCode][] = [
  [/no space left on device|disk quota exceeded/i, "DISK_FULL"],
  [
    /no matching manifest for|does not match the specified platform|cannot be used on this platform/i,
    "IMAGE_PLATFORM_MISMATCH",
  ],
  [/manifest unknown|manifest for .* not found|name unknown|repository .* not found|: not found$/i, "IMAGE_NOT_FOUND"],
  [
    /no basic auth credentials|unauthorized|denied|authentication required|authorization token|incorrect username or password|403 forbidden/i,
    "IMAGE_PULL_DENIED",
  ],
  [
    /filesystem layer verification failed|digest .*mismatch|unexpected (commit )?digest|manifest verification failed/i,
    "IMAGE_DIGEST_MISMATCH",
  ],
  [
    /connection refused|connection reset|no such host|i\/o timeout|timeout|deadline exceeded|no route to host|network is unreachable|x509|tls:|server gave http response|unexpected eof|\beof$|proxyconnect|toomanyrequests|too many requests|5\d\d (internal server error|bad gateway|service unavailable|gateway)/i,
    "REGISTRY_UNREACHABLE",
  ],
];

/** Decides what the engine's words about a failed pull mean; `undefined` when they say nothing known. */
export function classifyPullError(words: string): ProviderErrorCode | undefined {
  return patterns.find(([pattern]) => pattern.test(words.trim()))?.[1];
}

/** Whether the credential was good once and has run out, so that a fresh one deserves a try (ECR's 403). */
export function isExpiredCredential(words: string): boolean {
  return /token has expired|token is expired|expired token/i.test(words);
}
