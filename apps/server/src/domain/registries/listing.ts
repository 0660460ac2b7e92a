import { type Page, pageFrom } from "../page.ts";
import type { ListedTag } from "./ecr-gateway.ts";

/** In the order of code units, which does not depend on anybody's locale. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Newest push first, those without a date last; ties by name. */
export function newestFirst(a: Pick<ListedTag, "pushedAt" | "tag">, b: Pick<ListedTag, "pushedAt" | "tag">): number {
  return (b.pushedAt?.getTime() ?? 0) - (a.pushedAt?.getTime() ?? 0) || byText(a.tag, b.tag);
}

/**
 * One page of a sorted listing: what contains `search` (in any case) and comes after `isAfter`'s bound.
 * Stops as soon as the page is full, so a page of a huge listing costs no more than the way to it.
 */
export function pageOfListing<Item>(
  sorted: readonly Item[],
  options: {
    limit: number;
    search: string | undefined;
    textOf(item: Item): string;
    isAfter(item: Item): boolean;
    keysOf(item: Item): string[];
  },
): Page<Item> {
  const needle = options.search?.trim().toLowerCase() ?? "";
  const found: Item[] = [];
  for (const item of sorted) {
    if (!options.isAfter(item) || !options.textOf(item).toLowerCase().includes(needle)) continue;
    found.push(item);
    if (found.length > options.limit) break;
  }
  return pageFrom(found, options.limit, options.keysOf);
}
