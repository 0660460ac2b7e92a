import type { Client, Image } from "@berth/api";
import { type ImageReference, parseImageReference, repositoryOn } from "./image-reference.ts";
import { ambiguous, isId, notFound } from "./not-found.ts";
import { everyItem } from "./page.ts";
import { findRegistry } from "./registry.ts";

export type ImageQuery = { name: string; registry: string | undefined; organizationId?: string | undefined };

/** How an image is written where several could be meant. */
export const referenceOf = (image: Image): string => `${image.registry.host}/${image.repository}`;

/**
 * Finds an image by `team/base`, `HOST/team/base` or id, and the tag typed after it. A dotted first part may belong to
 * either form, so both are tried. Throws NOT_FOUND and AMBIGUOUS_NAME.
 */
export async function findImage(
  client: Client,
  query: ImageQuery,
  signal: AbortSignal,
): Promise<{ image: Image; tag: string | undefined }> {
  const { path, tag } = parseImageReference(query.name);
  if (isId(path)) return { image: await client.getImage({ params: { imageId: path }, signal }), tag };
  const registryId = query.registry ? (await findRegistry(client, query.registry, signal)).id : undefined;
  const filter = {
    ...(registryId === undefined ? {} : { registryId }),
    ...(query.organizationId === undefined ? {} : { organizationId: query.organizationId }),
  };
  const found = await imagesAt(client, path, filter, signal);
  const [only] = found;
  if (!only) throw notFound("image", path, "berth images ls");
  if (found.length > 1) throw tooMany(query.name, found);
  return { image: only, tag };
}

type Filter = { registryId?: string; organizationId?: string };

async function imagesAt(client: Client, path: string, filter: Filter, signal: AbortSignal): Promise<Image[]> {
  const slash = path.indexOf("/");
  const repositories = slash > 0 ? [path, path.slice(slash + 1)] : [path];
  const found = new Map<string, Image>();
  for (const repository of repositories) {
    const pages = everyItem((page) => client.listImages({ query: { ...page, ...filter, repository }, signal }));
    for await (const image of pages) {
      if (image.repository === path || repositoryOn(image.registry.host, path) === image.repository) {
        found.set(image.id, image);
      }
    }
  }
  return [...found.values()];
}

function tooMany(name: string, images: readonly Image[]) {
  const candidates = images.map((image) => `${referenceOf(image)} of registry ${image.registry.name} (${image.id})`);
  return ambiguous("images", name, candidates, "Add the registry's host, --registry NAME, or give the id.");
}

export type { ImageReference };
