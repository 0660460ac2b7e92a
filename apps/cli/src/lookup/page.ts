import { flag, number, text } from "../command.ts";
import type { Context } from "../context.ts";
import { type Column, table } from "../output/table.ts";

/** One page, as every list of the API answers. */
export type Page<Item> = { items: Item[]; nextCursor?: string | undefined };
type PageQuery = { limit?: number; cursor?: string };

/** The options of every `ls`. */
export const listOptions = {
  limit: number("--limit <n>", "how many at most, up to 1000 (default: 100)", { isWhole: true }),
  cursor: text("--cursor <cursor>", "go on where a page ended: its nextCursor"),
  all: flag("--all", "fetch every page"),
};
export type ListOptions = { limit: number | undefined; cursor: string | undefined; all: boolean };

/** Every item of a list, page by page. */
export async function* everyItem<Item>(fetchPage: (query: PageQuery) => Promise<Page<Item>>, start: PageQuery = {}) {
  let cursor = start.cursor;
  do {
    const page = await fetchPage({ limit: start.limit ?? 1000, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** Fetches what a list command asked for: one page, or all. */
export async function fetchList<Item>(
  options: ListOptions,
  fetchPage: (query: PageQuery) => Promise<Page<Item>>,
): Promise<Page<Item>> {
  const query = {
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
  };
  if (!options.all) return fetchPage(query);
  const items: Item[] = [];
  for await (const item of everyItem(fetchPage, query)) items.push(item);
  return { items };
}

/** Prints a list; for people with a word about what is missing from it. */
export async function showList<Item>(
  context: Context,
  page: Page<Item>,
  columns: readonly Column<Item>[],
  whenEmpty: string,
): Promise<void> {
  if (page.items.length === 0 && context.output === "table") return context.note(`${whenEmpty}\n`);
  await context.show(page, ({ items }) => table(items, columns));
  if (page.nextCursor !== undefined) await context.note("There are more: add --all, or --limit and --cursor.\n");
}
