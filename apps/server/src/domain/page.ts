import { z } from "zod";
import { BerthError } from "./berth-error.ts";

/** What a list is asked for: how many, and after which item. */
export type PageRequest = { limit: number; cursor?: string | undefined };
export type Page<Item> = { items: Item[]; nextCursor?: string };

/** Sort keys of the last item of a page, as an opaque string. */
export function encodeCursor(keys: readonly string[]): string {
  return Buffer.from(JSON.stringify(keys)).toString("base64url");
}

const Keys = z.array(z.string().max(1000)).max(8);

/**
 * The sort keys in a cursor, `undefined` without one. `schema` says what they must be, e.g.
 * `z.tuple([z.iso.datetime(), z.uuid()])`. Throws REQUEST_INVALID for what this list did not make.
 */
export function decodeCursor<Schema extends z.ZodType<readonly string[]>>(
  cursor: string | undefined,
  schema: Schema,
): z.output<Schema> | undefined {
  if (cursor === undefined) return undefined;
  const parsed = schema.safeParse(parseKeys(cursor));
  if (parsed.success) return parsed.data;
  throw new BerthError("REQUEST_INVALID", "The cursor is not one of this list.", {
    fix: { text: "Start again without `cursor`." },
    errors: [{ path: "query.cursor", message: "Not a cursor of this list" }],
  });
}

function parseKeys(cursor: string): readonly string[] | undefined {
  try {
    return Keys.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    return undefined;
  }
}

/** Makes a page of `limit` items from a query that fetched one more, to know whether there is a next one. */
export function pageFrom<Item>(fetched: readonly Item[], limit: number, keysOf: (item: Item) => string[]): Page<Item> {
  const items = fetched.slice(0, limit);
  const last = items.at(-1);
  return fetched.length > limit && last !== undefined ? { items, nextCursor: encodeCursor(keysOf(last)) } : { items };
}
