import fc from "fast-check";
import { expect, it } from "vitest";
import { byText, newestFirst, pageOfListing } from "./listing.ts";

const tags = fc.uniqueArray(
  fc.record({
    tag: fc.string({ unit: fc.constantFrom("a", "B", "b", "1", "."), minLength: 1, maxLength: 6 }),
    time: fc.option(fc.integer({ min: 0, max: 3 })),
  }),
  { selector: ({ tag }) => tag, maxLength: 30 },
);

it("pages of any size put together are the whole listing, searched and in order", () => {
  fc.assert(
    fc.property(tags, fc.integer({ min: 1, max: 7 }), fc.constantFrom("", "a", "B", " b. "), (drawn, limit, search) => {
      const sorted = drawn
        .map(({ tag, time }) => (time === null ? { tag } : { tag, pushedAt: new Date(time) }))
        .sort(newestFirst);
      const seen: string[] = [];
      let last: (typeof sorted)[number] | undefined;
      for (;;) {
        const after = last;
        const page = pageOfListing(sorted, {
          limit,
          search,
          textOf: ({ tag }) => tag,
          isAfter: (item) => after === undefined || newestFirst(item, after) > 0,
          keysOf: ({ tag }) => [tag],
        });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items.map(({ tag }) => tag));
        if (page.nextCursor === undefined) break;
        last = page.items.at(-1);
      }
      const needle = search.trim().toLowerCase();
      const expected = sorted.map(({ tag }) => tag).filter((tag) => tag.toLowerCase().includes(needle));
      expect(seen).toEqual(expected);
    }),
  );
});

it("orders by push time before name, unknown times last", () => {
  const listed = [
    { tag: "b" },
    { tag: "a", pushedAt: new Date(1) },
    { tag: "c", pushedAt: new Date(2) },
    { tag: "a2" },
  ];
  expect(listed.sort(newestFirst).map(({ tag }) => tag)).toEqual(["c", "a", "a2", "b"]);
});

it("orders text by code units, whatever the locale", () => {
  expect(["b", "a", "B", "ä", "A"].sort(byText)).toEqual(["A", "B", "a", "b", "ä"]);
});
