import ipaddr from "ipaddr.js";

/**
 * Where connections may go. Public addresses always may; loopback, link-local (with the cloud metadata services),
 * multicast and the unspecified address never may, unless a range names them.
 */
export type AddressPolicy = {
  /** CIDR ranges an administrator allows besides, e.g. `10.20.0.0/16`. */
  allowedNetworks?: readonly string[];
  /** Names that may resolve to private addresses (AWS names through VPC endpoints); never to loopback or link-local. */
  mayBePrivate?: (hostname: string) => boolean;
};

export type AddressClass = "public" | "private" | "forbidden";

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

const privateRanges = new Set(["private", "uniqueLocal", "carrierGradeNat"]);
// Amazon's metadata, time and Pod Identity services sit in the private IPv6 range; ::/96 is IPv4 in a withdrawn notation.
const forbiddenNetworks = ["fd00:ec2::/32", "::/96"].map((cidr) => ipaddr.parseCIDR(cidr));
const nat64Network = ipaddr.parseCIDR("64:ff9b::/96");

/** Classifies an address after unwrapping IPv4 that is mapped or translated into IPv6. */
export function classifyAddress(address: string): AddressClass {
  const parsed = unwrap(ipaddr.parse(address));
  if (forbiddenNetworks.some((network) => matches(parsed, network))) return "forbidden";
  const range = parsed.range();
  if (range === "unicast") return "public";
  return privateRanges.has(range) ? "private" : "forbidden";
}

/** Whether a connection to `address`, found for `hostname`, is permitted. */
export function mayConnect(policy: AddressPolicy, hostname: string, address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = unwrap(ipaddr.parse(address));
  if (policy.allowedNetworks?.some((network) => matches(parsed, ipaddr.parseCIDR(network)))) return true;
  const kind = classifyAddress(address);
  return kind === "public" || (kind === "private" && policy.mayBePrivate?.(hostname) === true);
}

function matches(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/** `::ffff:127.0.0.1`, `64:ff9b::7f00:1` and `2002:7f00:1::` all mean 127.0.0.1 to some machine on the way. */
function unwrap(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const bytes = address.toByteArray();
  if (matches(address, nat64Network)) return new ipaddr.IPv4(bytes.slice(12));
  if (address.range() === "6to4") return new ipaddr.IPv4(bytes.slice(2, 6));
  return address;
}
