import { RegistryError } from "@berth/oci";
import { type Partition, partitions } from "./partitions.ts";

/** Everything that follows from the name of a private ECR registry. */
export type EcrHost = {
  accountId: string;
  region: string;
  partition: string;
  fips: boolean;
  dualStack: boolean;
  /** Whether AWS serves this name: false for a FIPS name in a region that has no FIPS endpoint. */
  isServed: boolean;
  /** The normalised name, without port. */
  registryHost: string;
  apiEndpoint: URL;
  stsEndpoint: URL;
  /** The only hosts that layer downloads may redirect to. */
  layerHosts: readonly string[];
};

/** The longest name that can match: checked before anything is matched. */
const maxLength = 120;

const patterns = partitions.map((partition) => ({
  partition,
  // Region and suffix are tied together per partition, so that no mixture of two passes.
  classic: hostPattern("dkr\\.ecr", partition.regions, partition.dnsSuffix),
  dualStack: hostPattern("dkr-ecr", partition.regions, partition.dualStackSuffix),
}));

function hostPattern(service: string, regions: string, suffix: string): RegExp {
  return new RegExp(`^(\\d{12})\\.${service}(-fips)?\\.(${regions})\\.${suffix.replaceAll(".", "\\.")}$`);
}

/**
 * Reads the name of a private ECR registry, or answers undefined for any other name: AWS credentials are used for
 * names that this accepts and for none else. What people paste is put right: `https://`, a trailing `/` or dot,
 * port 443, upper case.
 */
export function matchEcrHost(text: string): EcrHost | undefined {
  const name = normalize(text);
  if (name === undefined) return undefined;
  for (const { partition, classic, dualStack } of patterns) {
    const match = classic.exec(name) ?? dualStack.exec(name);
    const [, accountId, fips, region] = match ?? [];
    if (accountId === undefined || region === undefined) continue;
    return describe(partition, name, { accountId, region, fips: fips !== undefined, dualStack: dualStack.test(name) });
  }
  return undefined;
}

/** The same, for a name that must be one; throws REGISTRY_HOST_INVALID. */
export function parseEcrHost(text: string): EcrHost {
  const host = matchEcrHost(text);
  if (host !== undefined) return host;
  const isPrintable = text.length <= maxLength && /^[\x20-\x7e]+$/.test(text);
  throw new RegistryError("REGISTRY_HOST_INVALID", isPrintable ? { host: text.trim() } : {});
}

/** Whether a host name is under a suffix of AWS's: such names may resolve to private addresses, through VPC endpoints. */
export function isAwsHostname(hostname: string): boolean {
  return partitions.some(({ dnsSuffix, dualStackSuffix, dualStackApiSuffix }) =>
    [dnsSuffix, dualStackSuffix, dualStackApiSuffix].some((suffix) => hostname.endsWith(`.${suffix}`)),
  );
}

function normalize(text: string): string | undefined {
  if (text.length > maxLength + 32) return undefined;
  const bare = text
    .trim()
    .replace(/^https:\/\//i, "")
    .replace(/\/$/, "")
    .replace(/:443$/, "")
    .replace(/\.$/, "");
  // Only ASCII is lowered: Unicode has letters that fold into ASCII ones.
  return bare.length <= maxLength && /^[A-Za-z0-9.-]+$/.test(bare) ? bare.toLowerCase() : undefined;
}

type Parts = Pick<EcrHost, "accountId" | "region" | "fips" | "dualStack">;

function describe(partition: Partition, registryHost: string, parts: Parts): EcrHost {
  const { region, fips, dualStack } = parts;
  const { dnsSuffix, dualStackApiSuffix } = partition;
  const ecr = fips ? "ecr-fips" : "ecr";
  const api = dualStack ? `${ecr}.${region}.${dualStackApiSuffix}` : `api.${ecr}.${region}.${dnsSuffix}`;
  const sts = fips && partition.stsFipsPrefix !== undefined ? partition.stsFipsPrefix : "sts";
  const bucket = `prod-${region}-starport-layer-bucket`;
  return {
    ...parts,
    partition: partition.id,
    isServed: !fips || partition.fipsRegions.includes(region),
    registryHost,
    apiEndpoint: new URL(`https://${api}`),
    stsEndpoint: new URL(`https://${sts}.${region}.${dnsSuffix}`),
    layerHosts: [`${bucket}.s3.${region}.${dnsSuffix}`, `${bucket}.s3.dualstack.${region}.${dnsSuffix}`],
  };
}
