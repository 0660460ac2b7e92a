import type { Image } from "@berth/api";
import type { Actor, Origin } from "../actor.ts";
import { type AuditLog, changesBetween } from "../audit.ts";
import { authorize, notFound } from "../authorization.ts";
import { BerthError } from "../berth-error.ts";
import { type DefaultOrganization, organizationOr } from "../organization-choice.ts";
import type { Page, PageRequest } from "../page.ts";
import type { Transact } from "../transact.ts";
import { type ImageRecord, imageView } from "./image.ts";

export type ImageFilter = PageRequest & {
  organizationId: string;
  registryId?: string | undefined;
  repository?: string | undefined;
  /** In repository, description, registry name or a tag. */
  search?: string | undefined;
};

export type ImageChange = {
  description?: string | undefined;
  sourceUrl?: string | null | undefined;
  cpu?: number | undefined;
  memoryGb?: number | undefined;
  diskGb?: number | undefined;
  isDeprecated?: boolean | undefined;
  defaultTag?: string | undefined;
};

/** Workspaces in the way of a removal: the first few, and how many there are. */
export type ImageUse = { workspaces: { name: string; owner: string }[]; count: number };

export type ImageReader = {
  find(id: string): Promise<ImageRecord | undefined>;
  list(filter: ImageFilter): Promise<Page<ImageRecord>>;
};

export type ImageWriter = {
  /** Holds the row against changes and against new workspaces until the transaction ends. */
  lock(id: string): Promise<ImageRecord | undefined>;
  find(id: string): Promise<ImageRecord | undefined>;
  update(id: string, change: ImageChange): Promise<void>;
  remove(id: string): Promise<void>;
  removeTag(id: string, tag: string): Promise<void>;
  /** What uses the image, or one tag of it. */
  use(id: string, tag?: string): Promise<ImageUse>;
};

export type ImagesDeps = {
  images: ImageReader;
  transaction: Transact<{ images: ImageWriter; audit: AuditLog }>;
  organizations: DefaultOrganization;
};

type By = { actor: Actor; origin: Origin };

const audited = ["description", "sourceUrl", "cpu", "memoryGb", "diskGb", "isDeprecated", "defaultTag"] as const;

/** Keeps the images of organizations: shows, changes and removes them. */
export class Images {
  readonly #deps: ImagesDeps;

  constructor(deps: ImagesDeps) {
    this.#deps = deps;
  }

  async list(
    actor: Actor,
    filter: Omit<ImageFilter, "organizationId"> & { organizationId?: string | undefined },
  ): Promise<Page<Image>> {
    const organizationId = await organizationOr(this.#deps.organizations, filter.organizationId);
    authorize(actor, "organization.read", { kind: "organization", organizationId });
    const page = await this.#deps.images.list({ ...filter, organizationId });
    return { ...page, items: page.items.map(imageView) };
  }

  /** Throws NOT_FOUND. */
  async show(actor: Actor, id: string): Promise<Image> {
    const image = await this.#deps.images.find(id);
    if (!image) throw notFound("image");
    authorize(actor, "image.read", resource(image));
    return imageView(image);
  }

  /** Throws NOT_FOUND, IMAGE_TAG_NOT_FOUND and IMAGE_TAG_DECOMMISSIONED. */
  async update(id: string, change: ImageChange, by: By): Promise<Image> {
    await this.#change(id, by, async ({ images, audit }, before) => {
      if (change.defaultTag !== undefined) requireOffered(before, change.defaultTag);
      await images.update(id, change);
      const after = await images.find(id);
      const changes = changesBetween<ImageRecord>(before, after ?? {}, audited);
      if (Object.keys(changes).length === 0) return;
      await audit.record({ ...by, ...entryFor(before), action: "image.update", changes });
    });
    return await this.show(by.actor, id);
  }

  /** Throws NOT_FOUND and IMAGE_IN_USE. */
  async remove(id: string, by: By): Promise<void> {
    await this.#change(id, by, async ({ images, audit }, image) => {
      const use = await images.use(id);
      if (use.count > 0) throw inUse("IMAGE_IN_USE", `the image ${image.repository}`, use);
      await images.remove(id);
      const changes = { repository: { from: image.repository, to: null } };
      await audit.record({ ...by, ...entryFor(image), action: "image.delete", changes });
    });
  }

  /** Throws NOT_FOUND, IMAGE_TAG_NOT_FOUND, IMAGE_TAG_IS_DEFAULT and IMAGE_TAG_IN_USE. */
  async removeTag(id: string, tag: string, by: By): Promise<void> {
    await this.#change(id, by, async ({ images, audit }, image) => {
      requireTag(image, tag);
      if (image.defaultTag === tag) {
        throw new BerthError("IMAGE_TAG_IS_DEFAULT", `${tag} is the default tag of ${image.repository}.`);
      }
      const use = await images.use(id, tag);
      if (use.count > 0) throw inUse("IMAGE_TAG_IN_USE", `the tag ${tag} of ${image.repository}`, use);
      await images.removeTag(id, tag);
      await audit.record({
        ...by,
        ...entryFor(image),
        action: "image_tag.remove",
        changes: { tag: { from: tag, to: null } },
      });
    });
  }

  /** Runs a change of an image that the actor may write, its row held. */
  async #change(
    id: string,
    { actor }: By,
    work: (stores: { images: ImageWriter; audit: AuditLog }, image: ImageRecord) => Promise<void>,
  ): Promise<void> {
    await this.#deps.transaction(async (stores) => {
      const image = await stores.images.lock(id);
      if (!image) throw notFound("image");
      authorize(actor, "image.write", resource(image));
      await work(stores, image);
    });
  }
}

/** The image as authorization knows it. */
export const resource = ({ organizationId }: ImageRecord) => ({ kind: "image", organizationId });

/** What every audit row about an image says. */
export const entryFor = ({ id, repository, organizationId }: ImageRecord) => ({
  target: { kind: "image", id, name: repository },
  organizationId,
});

/** The tag as the image offers it; throws IMAGE_TAG_NOT_FOUND. */
export function requireTag(image: ImageRecord, tag: string) {
  const found = image.tags.find((offered) => offered.tag === tag);
  if (found) return found;
  throw new BerthError("IMAGE_TAG_NOT_FOUND", `${image.repository} is not offered with the tag ${tag}.`, {
    context: { tags: image.tags.slice(0, 20).map((offered) => offered.tag) },
  });
}

function requireOffered(image: ImageRecord, tag: string): void {
  if (requireTag(image, tag).isDecommissioned) {
    throw new BerthError("IMAGE_TAG_DECOMMISSIONED", `The tag ${tag} of ${image.repository} is decommissioned.`);
  }
}

function inUse(code: "IMAGE_IN_USE" | "IMAGE_TAG_IN_USE", what: string, { workspaces, count }: ImageUse): BerthError {
  const named = workspaces.map(({ name, owner }) => `${name} (${owner})`).join(", ");
  const rest = count > workspaces.length ? ` and ${count - workspaces.length} more` : "";
  return new BerthError(code, `Workspaces use ${what}: ${named}${rest}.`, {
    context: { workspaces: workspaces.map(({ name }) => name), count },
  });
}
