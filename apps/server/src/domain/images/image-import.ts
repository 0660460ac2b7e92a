import { randomUUID } from "node:crypto";
import type { Image } from "@berth/api";
import type { Actor, Origin } from "../actor.ts";
import type { AuditLog } from "../audit.ts";
import { authorize, notFound } from "../authorization.ts";
import { BerthError } from "../berth-error.ts";
import { type DefaultOrganization, organizationOr } from "../organization-choice.ts";
import type { EcrGateway } from "../registries/ecr-gateway.ts";
import type { RegistryRecord } from "../registries/registry.ts";
import type { Connection, RegistryConnections, SecretBox } from "../registries/registry-connections.ts";
import { type CreationStores, insertRegistry } from "../registries/registry-creation.ts";
import { type RegistrySettings, readSettings, type SettingsInput } from "../registries/registry-settings.ts";
import type { Transact } from "../transact.ts";
import { type ImageRecord, imageView } from "./image.ts";
import { entryFor, resource } from "./images.ts";
import { readImportedRepository } from "./repository-input.ts";
import { ifKnown, lookUpTag, type TagFacts } from "./tag-facts.ts";

export type ImportRequest = {
  organizationId?: string | undefined;
  registryId?: string | undefined;
  newRegistry?: (SettingsInput & { name: string }) | undefined;
  repository: string;
  tag: string;
} & ImageDetails;

export type ImageDetails = {
  description: string;
  sourceUrl: string | null;
  cpu: number;
  memoryGb: number;
  diskGb: number;
};

export type NewImage = ImageDetails & {
  id: string;
  organizationId: string;
  registryId: string;
  repository: string;
  defaultTag: string;
};

export type ImportStores = {
  registries: CreationStores["registries"] & {
    /** The host as it is now, held until the transaction ends; `undefined` when the registry is gone. */
    holdHost(id: string): Promise<string | undefined>;
  };
  images: {
    /** Adds the image, unless there is one of this registry and repository. Gives the id of the one there is then. */
    insertOrFind(image: NewImage): Promise<{ id: string; isNew: boolean }>;
    /** False, and nothing changed, when the image offers the tag already. */
    insertTag(imageId: string, tag: string, facts: TagFacts): Promise<boolean>;
    lock(id: string): Promise<ImageRecord | undefined>;
    find(id: string): Promise<ImageRecord | undefined>;
    update(id: string, change: { defaultTag: string }): Promise<void>;
  };
  audit: AuditLog;
};

export type ImageImportDeps = {
  registries: { find(id: string): Promise<RegistryRecord | undefined> };
  images: { find(id: string): Promise<ImageRecord | undefined> };
  transaction: Transact<ImportStores>;
  organizations: DefaultOrganization;
  connections: RegistryConnections;
  secrets: SecretBox;
  ecr: EcrGateway;
};

type By = { actor: Actor; origin: Origin };

/** Where an import comes from: a saved registry, or one that is saved along with the image. */
type Source = {
  organizationId: string;
  connection: Connection;
  unsaved?: { name: string; settings: RegistrySettings };
};

/**
 * Makes tags of registries available as images. The registry is asked first, outside any transaction; then everything
 * is written at once, so that a refusal leaves neither a registry nor an image behind.
 */
export class ImageImport {
  readonly #deps: ImageImportDeps;

  constructor(deps: ImageImportDeps) {
    this.#deps = deps;
  }

  /**
   * Imports a tag; into the image of this registry and repository when there is one, whose settings stay. Throws
   * IMAGE_TAG_IMPORTED, IMAGE_NOT_RUNNABLE, REQUEST_INVALID, what saving a registry throws, and the registry's failures.
   */
  async import(request: ImportRequest, by: By, signal: AbortSignal): Promise<Image> {
    const source = await this.#source(request, by.actor);
    const repository = readImportedRepository(request.repository, request.tag, source.connection.host);
    const facts = await this.#look(source.connection, repository, request.tag, signal);
    const image = await this.#deps.transaction(async (stores) => {
      await this.#settleRegistry(stores, source, by);
      const { id, isNew } = await stores.images.insertOrFind({
        ...detailsOf(request),
        id: randomUUID(),
        organizationId: source.organizationId,
        registryId: source.connection.registryId,
        repository,
        defaultTag: request.tag,
      });
      return await this.#offer(stores, id, request.tag, facts, {
        ...by,
        action: isNew ? "image.import" : "image_tag.add",
      });
    });
    return imageView(image);
  }

  /** Offers another tag of an image. Throws NOT_FOUND, and as `import` does. */
  async addTag(
    imageId: string,
    { tag, isDefault }: { tag: string; isDefault: boolean },
    by: By,
    signal: AbortSignal,
  ): Promise<Image> {
    const image = await this.#deps.images.find(imageId);
    if (!image) throw notFound("image");
    authorize(by.actor, isDefault ? "image.write" : "image.import", resource(image));
    const connection = await this.#deps.connections.open(image.registry.id);
    const facts = await this.#look(connection, image.repository, tag, signal);
    const added = await this.#deps.transaction(async (stores) => {
      await requireHost(stores, connection);
      const before = await stores.images.lock(imageId);
      if (!before) throw notFound("image");
      const after = await this.#offer(stores, imageId, tag, facts, { ...by, action: "image_tag.add" });
      if (!isDefault) return after;
      await stores.images.update(imageId, { defaultTag: tag });
      const changes = { defaultTag: { from: before.defaultTag, to: tag } };
      await stores.audit.record({ ...by, ...entryFor(after), action: "image.update", changes });
      return (await stores.images.find(imageId)) ?? after;
    });
    return imageView(added);
  }

  async #source(request: ImportRequest, actor: Actor): Promise<Source> {
    const { registryId, newRegistry, organizationId } = request;
    if ((registryId === undefined) === (newRegistry === undefined)) throw oneRegistry();
    if (newRegistry) return await this.#unsaved(newRegistry, organizationId, actor);
    const registry = registryId === undefined ? undefined : await this.#deps.registries.find(registryId);
    if (!registry || (organizationId ?? registry.organizationId) !== registry.organizationId) {
      throw notFound("registry");
    }
    authorize(actor, "registry.read", { kind: "registry", organizationId: registry.organizationId });
    authorize(actor, "image.import", { kind: "image", organizationId: registry.organizationId });
    return { organizationId: registry.organizationId, connection: await this.#deps.connections.open(registry.id) };
  }

  async #unsaved(
    input: SettingsInput & { name: string },
    namedOrganizationId: string | undefined,
    actor: Actor,
  ): Promise<Source> {
    const organizationId = await organizationOr(this.#deps.organizations, namedOrganizationId);
    authorize(actor, "image.import", { kind: "image", organizationId });
    authorize(actor, "registry.write", { kind: "registry", organizationId });
    const settings = readSettings(input, this.#deps.ecr);
    const registry = { registryId: randomUUID(), host: settings.ecr.registryHost, generation: 1 };
    const connection = this.#deps.connections.connect(registry, settings.keys);
    return { organizationId, connection, unsaved: { name: input.name, settings } };
  }

  async #look({ catalog }: Connection, repository: string, tag: string, signal: AbortSignal): Promise<TagFacts> {
    const [facts, described] = await Promise.all([
      lookUpTag(catalog, { repository, tag }, signal),
      ifKnown(catalog.describe(repository, tag, { signal }), {}),
    ]);
    return { ...facts, pushedAt: described.pushedAt ?? null };
  }

  async #settleRegistry(stores: ImportStores, { connection, organizationId, unsaved }: Source, by: By): Promise<void> {
    if (!unsaved) return await requireHost(stores, connection);
    const registry = { id: connection.registryId, organizationId, ...unsaved };
    await insertRegistry(stores, this.#deps.secrets, registry, by);
  }

  async #offer(
    { images, audit }: ImportStores,
    id: string,
    tag: string,
    facts: TagFacts,
    by: By & { action: string },
  ): Promise<ImageRecord> {
    const isNew = await images.insertTag(id, tag, facts);
    const image = await images.find(id);
    if (!image) throw notFound("image");
    if (!isNew) {
      throw new BerthError("IMAGE_TAG_IMPORTED", `${image.repository}:${tag} is imported already.`, {
        context: { imageId: id },
      });
    }
    const changes = { tag: { from: null, to: tag }, digest: { from: null, to: facts.digest } };
    await audit.record({ ...by, ...entryFor(image), changes });
    return image;
  }
}

/** What the registry said holds only while it is the one that was asked. Throws CHANGED_MEANWHILE and NOT_FOUND. */
async function requireHost({ registries }: ImportStores, { registryId, host }: Connection): Promise<void> {
  const current = await registries.holdHost(registryId);
  if (current === undefined) throw notFound("registry");
  if (current !== host) throw new BerthError("CHANGED_MEANWHILE", "The registry got another host meanwhile.");
}

const detailsOf = ({ description, sourceUrl, cpu, memoryGb, diskGb }: ImportRequest): ImageDetails => ({
  description,
  sourceUrl,
  cpu,
  memoryGb,
  diskGb,
});

const oneRegistry = () =>
  new BerthError("REQUEST_INVALID", "An import names exactly one registry, a saved or a new one.", {
    fix: { text: "Give `registryId`, or `newRegistry`, and not both." },
    errors: [{ path: "body.registryId", message: "Give either this or newRegistry" }],
  });
