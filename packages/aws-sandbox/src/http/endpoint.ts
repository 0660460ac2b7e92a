import { type HttpRequest, header } from "./request.ts";

export type ServiceName = "ecr" | "sts" | "iam" | "registry" | "s3" | "control" | "unknown";

/** What a request is addressed to, as its name, or else its shape, says. */
export type Endpoint = {
  service: ServiceName;
  /** Account of a registry host; elsewhere the default account. */
  account: string;
  region: string;
};

export type EndpointDefaults = { account: string; region: string };

/** Regions of the standard partition, by pattern, as in AWS's own partition data. */
export function isAwsRegion(region: string): boolean {
  return /^(us|eu|ap|sa|ca|me|af|il|mx)-(?!gov-|iso)[a-z]+-\d{1,2}$/.test(region);
}

const names: { pattern: RegExp; service: ServiceName; region: number | string; account?: number }[] = [
  {
    pattern: /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com$/,
    service: "registry",
    account: 1,
    region: 2,
  },
  { pattern: /^(\d{12})\.dkr-ecr(?:-fips)?\.([a-z0-9-]+)\.on\.aws$/, service: "registry", account: 1, region: 2 },
  { pattern: /^(?:api\.)?ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com$/, service: "ecr", region: 1 },
  { pattern: /^ecr(?:-fips)?\.([a-z0-9-]+)\.api\.aws$/, service: "ecr", region: 1 },
  { pattern: /^sts(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com$/, service: "sts", region: 1 },
  { pattern: /^sts\.amazonaws\.com$/, service: "sts", region: "us-east-1" },
  { pattern: /^iam\.amazonaws\.com$/, service: "iam", region: "us-east-1" },
  {
    pattern: /^prod-([a-z0-9-]+)-starport-layer-bucket\.s3\.(?:dualstack\.)?\1\.amazonaws\.com$/,
    service: "s3",
    region: 1,
  },
];

export function layerBucket(region: string): string {
  return `prod-${region}-starport-layer-bucket`;
}

export function registryHost(account: string, region: string): string {
  return `${account}.dkr.ecr.${region}.amazonaws.com`;
}

export function stripPort(host: string): string {
  return host.replace(/:\d+$/, "").replace(/\.$/, "");
}

/** True for the names under which a machine knows itself. */
export function isLoopbackHost(host: string): boolean {
  const name = stripPort(host);
  return name === "localhost" || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}

const versions: Record<string, ServiceName> = { "2010-05-08": "iam", "2011-06-15": "sts" };

function claimedScope(request: HttpRequest): { region: string; service: string } | undefined {
  const source = header(request, "authorization") ?? request.query;
  const match = /Credential=[^,&]*?(?:\/|%2F)\d{8}(?:\/|%2F)([a-z0-9-]+)(?:\/|%2F)([a-z0-9-]+)(?:\/|%2F)/i.exec(source);
  return match ? { region: match[1] ?? "", service: match[2] ?? "" } : undefined;
}

/** Routes by shape what was addressed by number: path, target header, signature scope, API version. */
function byShape(request: HttpRequest, formVersion: string | undefined, defaults: EndpointDefaults): Endpoint {
  const at = (service: ServiceName, region = defaults.region): Endpoint => ({
    service,
    account: defaults.account,
    region,
  });
  if (/^\/__sandbox(\/|$)/.test(request.path)) return at("control");
  if (/^\/v2(\/|$)/.test(request.path)) return at("registry");
  const bucket = /^\/prod-([a-z0-9-]+)-starport-layer-bucket\//.exec(request.path);
  if (bucket?.[1]) return at("s3", bucket[1]);
  const scope = claimedScope(request);
  const region = scope && isAwsRegion(scope.region) ? scope.region : defaults.region;
  if (header(request, "x-amz-target")?.startsWith("AmazonEC2ContainerRegistry_V20150921.")) return at("ecr", region);
  if (scope?.service === "iam" || versions[formVersion ?? ""] === "iam") return at("iam", "us-east-1");
  if (scope?.service === "sts" || versions[formVersion ?? ""] === "sts") return at("sts", region);
  return at(scope?.service === "ecr" ? "ecr" : "unknown", region);
}

/**
 * Finds the service a request is meant for. Real AWS names decide by themselves. A request addressed by IP or
 * localhost has no region in its name, so an API call is taken at the region it was signed for.
 */
export function resolveEndpoint(
  request: HttpRequest,
  formVersion: string | undefined,
  defaults: EndpointDefaults,
): Endpoint {
  const host = stripPort(request.host);
  for (const { pattern, service, region, account } of names) {
    const match = pattern.exec(host);
    if (!match) continue;
    const name = typeof region === "string" ? region : (match[region] ?? "");
    if (!isAwsRegion(name)) break;
    return {
      service,
      account: account === undefined ? defaults.account : (match[account] ?? ""),
      region: name,
    };
  }
  return byShape(request, formVersion, defaults);
}
