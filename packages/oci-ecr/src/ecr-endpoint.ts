import { RegistryError } from "@berth/oci";
import type { EcrHost } from "./ecr-host.ts";

/** Where an account's calls go instead of to AWS. Set by the operator of the installation, never by a user. */
export type EndpointOverride = {
  /** Serves ECR, and STS, at this URL. */
  api: URL;
  /** Serves the data plane (`/v2`) at this origin. */
  registry: URL;
};

/** An ECR registry and the addresses it is really reached at. */
export type EcrEndpoint = {
  host: EcrHost;
  apiUrl: URL;
  stsUrl: URL;
  /** Origin of `/v2`. */
  registryUrl: URL;
  /** Whether an operator mapped the account elsewhere. */
  isOverridden: boolean;
  /** Whether a layer may be downloaded from here. */
  mayServeLayers: (url: URL) => boolean;
};

/** Looks up the addresses of a registry; throws ECR_FIPS_UNAVAILABLE for a FIPS name that AWS does not serve. */
export function resolveEndpoint(host: EcrHost, overrides: ReadonlyMap<string, EndpointOverride>): EcrEndpoint {
  const override = overrides.get(host.accountId);
  if (override !== undefined) {
    const origins = [override.api, override.registry].flatMap(originsOf);
    return {
      host,
      apiUrl: override.api,
      stsUrl: override.api,
      registryUrl: new URL(override.registry.origin),
      isOverridden: true,
      mayServeLayers: (url) => origins.includes(url.origin),
    };
  }
  if (!host.isServed) throw new RegistryError("ECR_FIPS_UNAVAILABLE", { host: host.registryHost, region: host.region });
  return {
    host,
    apiUrl: host.apiEndpoint,
    stsUrl: host.stsEndpoint,
    registryUrl: new URL(`https://${host.registryHost}`),
    isOverridden: false,
    mayServeLayers: (url) => url.protocol === "https:" && url.port === "" && host.layerHosts.includes(url.hostname),
  };
}

/** The origins that an override opens: its own, and on loopback both ways to write it. */
export function originsOf(url: URL): string[] {
  const isLoopback = url.hostname === "localhost" || url.hostname === "127.0.0.1";
  if (!isLoopback) return [url.origin];
  const port = url.port === "" ? "" : `:${url.port}`;
  return [`${url.protocol}//localhost${port}`, `${url.protocol}//127.0.0.1${port}`];
}
