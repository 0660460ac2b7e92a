import { notFound } from "../authorization.ts";
import { BerthError } from "../berth-error.ts";
import type { EcrCatalog, EcrGateway, EcrKeys } from "./ecr-gateway.ts";
import type { StoredCredential } from "./registry.ts";
import type { AccessKey } from "./registry-keys.ts";

/** Seals secrets for rows; an envelope opens only for the record it was made for. */
export type SecretBox = {
  seal(secret: string, recordId: string): Buffer;
  open(envelope: Buffer, recordId: string): string;
};

/** The name of a registry's secret towards the box, the same for ever. */
export const secretOf = (registryId: string): string => `registries/${registryId}/secret_access_key`;

/** A registry with the keys to reach it, for the length of one request. */
export type Connection = {
  registryId: string;
  host: string;
  generation: number;
  keys: EcrKeys;
  catalog: EcrCatalog;
};

export type ConnectionsDeps = {
  registries: { findCredential(registryId: string): Promise<StoredCredential | undefined> };
  secrets: SecretBox;
  ecr: EcrGateway;
};

/** Opens saved registries. The only place where a stored secret is unsealed. */
export class RegistryConnections {
  readonly #deps: ConnectionsDeps;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
  }

  /** Throws NOT_FOUND when the registry is gone, ECR_ROLE_SWITCH_OFF when it has no keys. */
  async open(registryId: string): Promise<Connection> {
    const stored = await this.#deps.registries.findCredential(registryId);
    if (!stored) throw notFound("registry");
    return this.connect(stored, this.#keysOf(stored));
  }

  /** Drops the tokens fetched with keys that are no longer a registry's. */
  async forget(stored: StoredCredential): Promise<void> {
    let keys: AccessKey;
    try {
      keys = this.#keysOf(stored);
    } catch {
      // Keys that cannot be opened were not used: new ones can still be set, and the registry be removed.
      return;
    }
    await this.#deps.ecr.forget(stored.host, { kind: "static-keys", ...keys });
  }

  #keysOf(stored: StoredCredential): AccessKey {
    const { accessKeyId, secretEnvelope, registryId } = stored;
    if (accessKeyId === null || secretEnvelope === null) {
      throw new BerthError(
        "ECR_ROLE_SWITCH_OFF",
        "This registry has no keys, and ECR IAM Role Authentication is off on this server.",
      );
    }
    return { accessKeyId, secretAccessKey: this.#deps.secrets.open(secretEnvelope, secretOf(registryId)) };
  }

  /** A connection with keys at hand, also for a registry that is not saved yet. */
  connect(registry: { registryId: string; host: string; generation: number }, keys: AccessKey): Connection {
    const ecrKeys: EcrKeys = { kind: "static-keys", ...keys };
    return {
      registryId: registry.registryId,
      host: registry.host,
      generation: registry.generation,
      keys: ecrKeys,
      catalog: this.#deps.ecr.catalog(registry.host, ecrKeys),
    };
  }
}
