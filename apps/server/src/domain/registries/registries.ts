import { randomUUID } from "node:crypto";
import type { Registry } from "@berth/api";
import type { Actor, Origin } from "../actor.ts";
import { type AuditLog, changesBetween } from "../audit.ts";
import { authorize, notFound } from "../authorization.ts";
import { type DefaultOrganization, organizationOr } from "../organization-choice.ts";
import type { Page, PageRequest } from "../page.ts";
import type { Transact } from "../transact.ts";
import type { EcrGateway } from "./ecr-gateway.ts";
import { type RegistryRecord, registryInUse, registryView, type StoredCredential } from "./registry.ts";
import { type RegistryConnections, type SecretBox, secretOf } from "./registry-connections.ts";
import { type CreationStores, insertRegistry, secretChange } from "./registry-creation.ts";
import type { KeyInput } from "./registry-keys.ts";
import { readSettings, readSettingsChange, type SettingsChange, type SettingsInput } from "./registry-settings.ts";

export type RegistryFilter = PageRequest & { organizationId: string; name?: string | undefined };

export type RegistryChange = {
  name?: string;
  host?: string;
  credentials?: { accessKeyId: string; secretEnvelope: Buffer; setBy: string };
};

export type RegistryReader = {
  find(id: string): Promise<RegistryRecord | undefined>;
  list(filter: RegistryFilter): Promise<Page<RegistryRecord>>;
};

export type RegistryWriter = CreationStores["registries"] & {
  /** Holds the row against changes and against new images until the transaction ends. */
  lock(id: string): Promise<StoredCredential | undefined>;
  find(id: string): Promise<RegistryRecord | undefined>;
  /** Throws NAME_TAKEN. A new host or new keys raise the generation and void the last check. */
  update(id: string, change: RegistryChange): Promise<void>;
  remove(id: string): Promise<void>;
  /** The first few repositories imported from it, and how many there are. */
  repositoriesInUse(id: string): Promise<{ repositories: string[]; count: number }>;
};

export type RegistriesDeps = {
  registries: RegistryReader;
  transaction: Transact<{ registries: RegistryWriter; audit: AuditLog }>;
  organizations: DefaultOrganization;
  connections: RegistryConnections;
  secrets: SecretBox;
  ecr: EcrGateway;
  /** Forgets what was listed from a registry. */
  forgetListings(registryId: string): void;
};

type By = { actor: Actor; origin: Origin };

/** Keeps the registries of organizations. Saving asks AWS nothing, so that it works while AWS does not; a check does. */
export class Registries {
  readonly #deps: RegistriesDeps;

  constructor(deps: RegistriesDeps) {
    this.#deps = deps;
  }

  async list(actor: Actor, filter: Omit<RegistryFilter, "organizationId"> & { organizationId?: string | undefined }) {
    const organizationId = await organizationOr(this.#deps.organizations, filter.organizationId);
    authorize(actor, "organization.read", { kind: "organization", organizationId });
    const page = await this.#deps.registries.list({ ...filter, organizationId });
    return { ...page, items: page.items.map((record) => registryView(record, this.#deps.ecr)) };
  }

  /** Throws NOT_FOUND. */
  async show(actor: Actor, id: string): Promise<Registry> {
    return registryView(await this.#visible(actor, id), this.#deps.ecr);
  }

  /** Throws NAME_TAKEN and what `readSettings` throws. */
  async create(
    input: SettingsInput & { name: string; organizationId?: string | undefined },
    by: By,
  ): Promise<Registry> {
    const { organizations, secrets, ecr, transaction } = this.#deps;
    const organizationId = await organizationOr(organizations, input.organizationId);
    authorize(by.actor, "registry.write", { kind: "registry", organizationId });
    const settings = readSettings(input, ecr);
    const registry = { id: randomUUID(), organizationId, name: input.name, settings };
    await transaction((stores) => insertRegistry(stores, secrets, registry, by));
    return await this.show(by.actor, registry.id);
  }

  /** Throws NOT_FOUND, NAME_TAKEN, REGISTRY_IN_USE and what `readSettingsChange` throws. */
  async update(
    id: string,
    input: KeyInput & { name?: string | undefined; registry?: string | undefined },
    by: By,
  ): Promise<Registry> {
    await this.#writable(by.actor, id);
    const before = await this.#deps.transaction(async (stores) => {
      const stored = await stores.registries.lock(id);
      if (!stored) throw notFound("registry");
      const change = readSettingsChange(stored.host, input, this.#deps.ecr);
      if (change.isElsewhere) await this.#requireUnused(stores.registries, id);
      await this.#write(stores, stored, { ...change, name: input.name }, by);
      return change.keys || change.host ? stored : undefined;
    });
    if (before) await this.#forget(before);
    return await this.show(by.actor, id);
  }

  /** Throws NOT_FOUND and REGISTRY_IN_USE. */
  async remove(id: string, by: By): Promise<void> {
    const { name, organizationId } = await this.#writable(by.actor, id);
    const removed = await this.#deps.transaction(async ({ registries, audit }) => {
      const stored = await registries.lock(id);
      if (!stored) throw notFound("registry");
      await this.#requireUnused(registries, id);
      await registries.remove(id);
      await audit.record({
        ...by,
        action: "registry.delete",
        target: { kind: "registry", id, name },
        organizationId,
        changes: { name: { from: name, to: null }, registry: { from: stored.host, to: null } },
      });
      return stored;
    });
    await this.#forget(removed);
  }

  async #write(
    { registries, audit }: { registries: RegistryWriter; audit: AuditLog },
    stored: StoredCredential,
    { name, host, keys }: Omit<SettingsChange, "isElsewhere"> & { name: string | undefined },
    by: By,
  ): Promise<void> {
    const id = stored.registryId;
    const before = await registries.find(id);
    await registries.update(id, {
      ...(name !== undefined && { name }),
      ...(host && { host: host.registryHost }),
      ...(keys && {
        credentials: {
          accessKeyId: keys.accessKeyId,
          secretEnvelope: this.#deps.secrets.seal(keys.secretAccessKey, secretOf(id)),
          setBy: by.actor.userId,
        },
      }),
    });
    const after = await registries.find(id);
    const changes = changesBetween<RegistryRecord>(before ?? {}, after ?? {}, ["name", "host"]);
    const target = { kind: "registry", id, name: after?.name ?? null };
    const entry = { ...by, target, organizationId: stored.organizationId };
    if (Object.keys(changes).length > 0) await audit.record({ ...entry, action: "registry.update", changes });
    if (!keys) return;
    await audit.record({ ...entry, action: "secret.set", changes: secretChange(stored.accessKeyId, keys.accessKeyId) });
  }

  async #requireUnused(registries: RegistryWriter, id: string): Promise<void> {
    const { repositories, count } = await registries.repositoriesInUse(id);
    if (count > 0) throw registryInUse(repositories, count);
  }

  async #visible(actor: Actor, id: string): Promise<RegistryRecord> {
    const record = await this.#deps.registries.find(id);
    if (!record) throw notFound("registry");
    authorize(actor, "registry.read", { kind: "registry", organizationId: record.organizationId });
    return record;
  }

  async #writable(actor: Actor, id: string): Promise<RegistryRecord> {
    const record = await this.#visible(actor, id);
    authorize(actor, "registry.write", { kind: "registry", organizationId: record.organizationId });
    return record;
  }

  /** Ends the use of keys that are no longer the registry's: their tokens, and what was listed with them. */
  async #forget(stored: StoredCredential): Promise<void> {
    this.#deps.forgetListings(stored.registryId);
    await this.#deps.connections.forget(stored);
  }
}
