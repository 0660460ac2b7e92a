import type { Actor, Origin } from "../actor.ts";
import type { AuditLog } from "../audit.ts";
import { type SecretBox, secretOf } from "./registry-connections.ts";
import { maskAccessKeyId } from "./registry-keys.ts";
import type { RegistrySettings } from "./registry-settings.ts";

export type NewRegistryRecord = {
  id: string;
  organizationId: string;
  name: string;
  kind: "ecr";
  host: string;
  accessKeyId: string;
  secretEnvelope: Buffer;
  credentialsSetBy: string;
};

export type CreationStores = {
  /** Throws NAME_TAKEN, and NOT_FOUND when there is no such organization. */
  registries: { insert(registry: NewRegistryRecord): Promise<void> };
  audit: AuditLog;
};

/** Saves a registry and its audit rows in the caller's transaction. Throws NAME_TAKEN. */
export async function insertRegistry(
  { registries, audit }: CreationStores,
  secrets: SecretBox,
  registry: { id: string; organizationId: string; name: string; settings: RegistrySettings },
  by: { actor: Actor; origin: Origin },
): Promise<void> {
  const { id, organizationId, name, settings } = registry;
  const { kind, ecr, keys } = settings;
  await registries.insert({
    id,
    organizationId,
    name,
    kind,
    host: ecr.registryHost,
    accessKeyId: keys.accessKeyId,
    secretEnvelope: secrets.seal(keys.secretAccessKey, secretOf(id)),
    credentialsSetBy: by.actor.userId,
  });
  const entry = { ...by, target: { kind: "registry", id, name }, organizationId };
  await audit.record({
    ...entry,
    action: "registry.create",
    changes: {
      name: { from: null, to: name },
      kind: { from: null, to: kind },
      registry: { from: null, to: ecr.registryHost },
    },
  });
  await audit.record({ ...entry, action: "secret.set", changes: secretChange(null, keys.accessKeyId) });
}

/** A change of keys as the audit log may show it: which key, never the secret. */
export function secretChange(from: string | null, to: string) {
  return {
    accessKeyId: { from: from === null ? null : maskAccessKeyId(from), to: maskAccessKeyId(to) },
    secretAccessKey: { from: from === null ? "not set" : "set", to: "changed" },
  };
}
