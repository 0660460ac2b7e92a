import type { RegistryTag, Repository } from "@berth/api";
import { RegistryError } from "@berth/oci";
import { z } from "zod";
import type { Actor } from "../actor.ts";
import { authorize, notFound } from "../authorization.ts";
import { readRepository } from "../images/repository-input.ts";
import { decodeCursor, type Page, type PageRequest } from "../page.ts";
import type { EcrCatalog, ListedRepository, ListedTag } from "./ecr-gateway.ts";
import { byText, newestFirst, pageOfListing } from "./listing.ts";
import { ListingCache } from "./listing-cache.ts";
import type { RegistryRecord } from "./registry.ts";
import type { RegistryConnections } from "./registry-connections.ts";

export type BrowserDeps = {
  registries: { find(id: string): Promise<RegistryRecord | undefined> };
  images: {
    /** Which of these repositories are imported from the registry: repository → image id. */
    imported(registryId: string, repositories: readonly string[]): Promise<Map<string, string>>;
    /** The tags that the registry's image of this repository offers. */
    importedTags(registryId: string, repository: string): Promise<string[]>;
  };
  connections: RegistryConnections;
  now(): number;
};

type BrowseRequest = PageRequest & { search?: string | undefined };

const pageSize = 1000;
/** As many repositories as Amazon ECR lets an account have. */
const maxRepositories = 100_000;
/** Of repositories and of tags, over all registries: some tens of megabytes. */
const maxKept = 200_000;
const RepositoryCursor = z.tuple([z.string()]);
const TagCursor = z.tuple([z.string().regex(/^\d{1,16}$/), z.string()]);

/** Shows what registries hold, searched and paged here, since ECR can neither search nor sort. */
export class RegistryBrowser {
  readonly #deps: BrowserDeps;
  readonly #repositories: ListingCache<ListedRepository[]>;
  readonly #tags: ListingCache<ListedTag[]>;

  constructor(deps: BrowserDeps) {
    this.#deps = deps;
    const common = {
      maxWeight: maxKept,
      weigh: (listing: readonly unknown[]) => listing.length + 1,
      now: deps.now,
    };
    this.#repositories = new ListingCache<ListedRepository[]>({ ...common, freshMs: 30_000, staleMs: 5 * 60_000 });
    // A tag that was pushed a moment ago is what people look for; a few seconds serve the pages of one list.
    this.#tags = new ListingCache<ListedTag[]>({ ...common, freshMs: 5_000, staleMs: 5_000 });
  }

  /** Throws NOT_FOUND, and the registry's own failures; where the key may not list, one that says what works. */
  async repositories(actor: Actor, id: string, request: BrowseRequest, signal: AbortSignal): Promise<Page<Repository>> {
    const after = decodeCursor(request.cursor, RepositoryCursor)?.[0];
    await this.#authorize(actor, id);
    const { catalog, generation } = await this.#deps.connections.open(id);
    const load = (loading: AbortSignal) => sayWhatWorks(() => allRepositories(catalog, loading));
    const listing = await this.#repositories.get(`${id}/${generation}`, load, signal);
    const page = pageOfListing(listing, {
      ...request,
      search: request.search,
      textOf: ({ name }) => name,
      isAfter: ({ name }) => after === undefined || byText(name, after) > 0,
      keysOf: ({ name }) => [name],
    });
    const imported = await this.#deps.images.imported(
      id,
      page.items.map(({ name }) => name),
    );
    const items = page.items.map(({ name, createdAt }) => ({
      name,
      createdAt: createdAt.toISOString(),
      imageId: imported.get(name) ?? null,
    }));
    return { ...page, items };
  }

  /** Tags of a repository (a bare name, or one with the host in front), newest first. Throws as `repositories` does. */
  async tags(
    actor: Actor,
    id: string,
    request: BrowseRequest & { repository: string },
    signal: AbortSignal,
  ): Promise<Page<RegistryTag>> {
    const after = decodeCursor(request.cursor, TagCursor);
    await this.#authorize(actor, id);
    const { catalog, generation, host } = await this.#deps.connections.open(id);
    const { repository } = readRepository(request.repository, host);
    const load = (loading: AbortSignal) => sayWhatWorks(() => allTags(catalog, repository, loading));
    const listing = await this.#tags.get(`${id}/${generation}/${repository}`, load, signal);
    const bound = after && { pushedAt: new Date(Number(after[0])), tag: after[1] };
    const page = pageOfListing(listing, {
      ...request,
      search: request.search,
      textOf: ({ tag }) => tag,
      isAfter: (tag) => bound === undefined || newestFirst(tag, bound) > 0,
      keysOf: ({ tag, pushedAt }) => [String(pushedAt?.getTime() ?? 0), tag],
    });
    const imported = new Set(await this.#deps.images.importedTags(id, repository));
    return { ...page, items: page.items.map((tag) => tagView(tag, imported)) };
  }

  /** Forgets what was listed from a registry. */
  forget(registryId: string): void {
    this.#repositories.purge(`${registryId}/`);
    this.#tags.purge(`${registryId}/`);
  }

  close(): void {
    this.#repositories.close();
    this.#tags.close();
  }

  async #authorize(actor: Actor, id: string): Promise<void> {
    const record = await this.#deps.registries.find(id);
    if (!record) throw notFound("registry");
    authorize(actor, "registry.read", { kind: "registry", organizationId: record.organizationId });
  }
}

async function allRepositories(catalog: EcrCatalog, signal: AbortSignal): Promise<ListedRepository[]> {
  const all: ListedRepository[] = [];
  let cursor: string | undefined;
  do {
    const page = await catalog.listRepositories({ limit: pageSize, signal, ...(cursor !== undefined && { cursor }) });
    for (const { name, createdAt } of page.items) all.push({ name, createdAt });
    cursor = page.nextCursor;
  } while (cursor !== undefined && all.length < maxRepositories);
  return all.sort((a, b) => byText(a.name, b.name));
}

async function allTags(catalog: EcrCatalog, repository: string, signal: AbortSignal): Promise<ListedTag[]> {
  return (await catalog.listTags(repository, { signal })).sort(newestFirst);
}

/** A key may pull without listing, e.g. one for a single repository; whoever has such a key is told how to go on. */
async function sayWhatWorks<Result>(list: () => Promise<Result>): Promise<Result> {
  try {
    return await list();
  } catch (error) {
    if (!(error instanceof RegistryError) || !error.code.startsWith("ECR_DENIED_")) throw error;
    throw new RegistryError(error.code, error.evidence, {
      message: `${error.message} Names can be typed all the same: importing needs no list.`,
      fix: { ...error.fix, text: `Type the name of the repository and the tag. To see lists: ${error.fix.text}` },
    });
  }
}

function tagView(listed: ListedTag, imported: ReadonlySet<string>): RegistryTag {
  const { tag, digest, mediaType, sizeBytes, pushedAt } = listed;
  return {
    tag,
    digest,
    mediaType: mediaType ?? null,
    sizeBytes: sizeBytes ?? null,
    pushedAt: pushedAt?.toISOString() ?? null,
    imported: imported.has(tag),
  };
}
