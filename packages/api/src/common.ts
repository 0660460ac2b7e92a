import { z } from "zod";

export const Id = z.uuid();

/** Query of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(2000).optional().describe("`nextCursor` of the page before"),
};

/** One page of a list; `nextCursor` is absent on the last. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional() });

export const Timestamp = z.iso.datetime().describe("RFC 3339, UTC");

const control = /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u;

/** A single line people read: no control or invisible format characters, which can disguise a name. */
export const line = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !control.test(value), "Control and invisible characters are not allowed");

/** Free text of several lines. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !control.test(value.replace(/[\n\t]/g, "")), "Control characters are not allowed");

/** Names a person types at a shell: a letter, then letters, digits and single hyphens. */
export const slug = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(
      /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
      "Use lower-case letters, digits and single hyphens, starting with a letter",
    );

/** Names shown in lists and typed in commands; wider than a slug. */
export const displayName = (max: number) =>
  line(max)
    .min(1)
    .regex(/^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]*[\p{L}\p{N}])?$/u, "Use letters, digits, spaces, and . _ - between them");
