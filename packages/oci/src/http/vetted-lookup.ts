import { promises as dns, type LookupAddress, type LookupOptions } from "node:dns";
import { isIP } from "node:net";
import { RegistryError } from "../errors.ts";
import { type AddressPolicy, mayConnect } from "./address-policy.ts";

/** Finds all addresses of a name; the system's resolver unless a test or an operator brings another. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** The shape `net.connect` wants for its `lookup` option. */
export type Lookup = (
  hostname: string,
  options: LookupOptions,
  callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void;

const systemResolve: Resolve = (hostname) => dns.lookup(hostname, { all: true });

/**
 * Resolves a name once and refuses it unless every address is permitted, so that one good address among bad ones,
 * or a second answer of a rebinding server, gains nothing. Throws DNS or ADDRESS_FORBIDDEN.
 */
export async function resolveVetted(
  hostname: string,
  policy: AddressPolicy,
  resolve: Resolve = systemResolve,
): Promise<LookupAddress[]> {
  const literal = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(literal);
  const addresses = family ? [{ address: literal, family }] : await resolveName(hostname, resolve);
  if (addresses.length === 0) throw new RegistryError("DNS", { host: hostname });
  for (const { address } of addresses) {
    if (!mayConnect(policy, hostname, address))
      throw new RegistryError("ADDRESS_FORBIDDEN", { host: hostname, address });
  }
  return addresses;
}

/** A `lookup` for sockets: what was vetted is what is connected to, for every new connection again. */
export function vettedLookup(policy: AddressPolicy, resolve?: Resolve): Lookup {
  return (hostname, options, callback) => {
    resolveVetted(hostname, policy, resolve).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all) callback(null, addresses);
        else callback(null, first?.address ?? "", first?.family ?? 4);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), []),
    );
  };
}

async function resolveName(hostname: string, resolve: Resolve): Promise<LookupAddress[]> {
  try {
    return await resolve(hostname);
  } catch {
    throw new RegistryError("DNS", { host: hostname });
  }
}
