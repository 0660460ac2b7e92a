import { RegistryError, type RegistryErrorCode, responseError, type SafeHttp } from "@berth/oci";
import type { EcrEndpoint } from "./ecr-endpoint.ts";

const unreachable: ReadonlySet<RegistryErrorCode> = new Set(["DNS", "NET_TIMEOUT", "NET_REFUSED"]);

/**
 * Downloads from a presigned address, without any credential of ours and only from where this registry's layers are.
 * Throws S3_BLOCKED when that place cannot be reached although ECR could.
 */
export async function downloadLayer(
  http: SafeHttp,
  endpoint: EcrEndpoint,
  url: URL,
  options: { maxBytes: number; range?: string; signal?: AbortSignal | undefined },
): Promise<Buffer> {
  const { maxBytes, range, signal } = options;
  // The query is a secret while it is valid, so it is told nowhere.
  const facts = { host: url.host };
  if (!endpoint.mayServeLayers(url)) {
    throw new RegistryError("REDIRECT_FORBIDDEN", { host: endpoint.host.registryHost, url: url.origin });
  }
  const headers = range === undefined ? {} : { range };
  try {
    const response = await http.request({ url, headers, maxBytes, ...(signal && { signal }) });
    if (response.status === 200 || response.status === 206) return response.body;
    throw responseError(response, facts, false);
  } catch (error) {
    if (error instanceof RegistryError && unreachable.has(error.code)) throw new RegistryError("S3_BLOCKED", facts);
    throw error;
  }
}
