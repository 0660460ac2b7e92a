import { RegistryError } from "@berth/oci";
import { BerthError } from "../berth-error.ts";
import type { EcrGateway, EcrHost } from "./ecr-gateway.ts";
import { type AccessKey, type KeyInput, readKeys, requireKeys } from "./registry-keys.ts";

/** What a registry is made of, read from what a person entered. */
export type RegistrySettings = { kind: "ecr"; ecr: EcrHost; keys: AccessKey };

export type SettingsInput = KeyInput & { kind: string; registry: string };

type Hosts = Pick<EcrGateway, "parseHost">;

/**
 * Reads a new registry without asking AWS anything. Throws REGISTRY_KIND_UNSUPPORTED, REGISTRY_HOST_INVALID,
 * REGISTRY_KEYS_INCOMPLETE and ECR_ROLE_SWITCH_OFF.
 */
export function readSettings(input: SettingsInput, hosts: Hosts): RegistrySettings {
  if (input.kind !== "ecr") {
    throw new BerthError("REGISTRY_KIND_UNSUPPORTED", `Registries of kind ${input.kind} cannot be connected yet.`);
  }
  return { kind: "ecr", ecr: readHost(input.registry, hosts), keys: requireKeys(input) };
}

/** Reads a registry's name also out of a pasted `https://HOST/` or `HOST/team/base:1`. Throws REGISTRY_HOST_INVALID. */
export function readHost(text: string, hosts: Hosts): EcrHost {
  const name = text
    .trim()
    .replace(/^[a-z]+:\/\//i, "")
    .replace(/\/.*$/s, "");
  try {
    return hosts.parseHost(name);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new BerthError("REGISTRY_HOST_INVALID", error.message, {
      fix: error.fix,
      errors: [{ path: "body.registry", message: "Not the name of a private ECR registry" }],
      cause: error,
    });
  }
}

export type SettingsChange = {
  /** Only when it differs. */
  host?: EcrHost;
  /** The new host is not just another name (FIPS, dual-stack) of the registry it was. */
  isElsewhere: boolean;
  keys?: AccessKey;
};

/**
 * Reads a change of host and keys. A saved secret never goes to a host it was not entered for, so a new host needs the
 * keys again. Throws REGISTRY_HOST_INVALID and REGISTRY_KEYS_INCOMPLETE.
 */
export function readSettingsChange(
  currentHost: string,
  input: KeyInput & { registry?: string | undefined },
  hosts: Hosts,
): SettingsChange {
  const keys = readKeys(input);
  const withKeys = keys ? { keys } : {};
  const host = input.registry === undefined ? undefined : readHost(input.registry, hosts);
  if (host === undefined || host.registryHost === currentHost) return { isElsewhere: false, ...withKeys };
  if (!keys) {
    throw new BerthError("REGISTRY_KEYS_INCOMPLETE", "A new host needs the keys again.", {
      fix: { text: "Enter the access key ID and the secret access key for the new host." },
      errors: [{ path: "body.accessKeyId", message: "Enter the keys again" }],
    });
  }
  const current = hosts.parseHost(currentHost);
  const isElsewhere = (["accountId", "region", "partition"] as const).some((part) => host[part] !== current[part]);
  return { host, isElsewhere, keys };
}
