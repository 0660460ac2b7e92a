import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAge, formatBytes, formatDuration, shortDigest } from "./format.ts";
import { styleFor } from "./style.ts";
import { card, table } from "./table.ts";
import { visible, visibleJson, visibleText } from "./visible.ts";
import { displayWidth, truncate } from "./width.ts";

describe("visible", () => {
  test.each([
    ["an escape sequence", "a\u001b[31mb", "a\\x1b[31mb"],
    ["a line break", "a\nb\r", "a\\x0ab\\x0d"],
    ["a C1 control, which some terminals obey", "a\u009b2J", "a\\x9b2J"],
    ["a right-to-left override", "a\u202eb", "a\\u{202e}b"],
    ["an invisible character", "a\u200bb", "a\\u{200b}b"],
    ["a tag character beyond the basic plane", "a\u{e0041}", "a\\u{e0041}"],
    ["half a surrogate pair", "a\ud800", "a\\u{d800}"],
    ["ordinary text", "naïve 東京 🙂 é", "naïve 東京 🙂 é"],
  ])("spells out %s", (_what, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test("keeps line breaks where text may have several lines", () => {
    expect(visibleText("a\n\tb\u0007")).toBe("a\n\tb\\x07");
  });

  test("JSON holds the same data, and nothing a terminal would obey", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, isIndented) => {
        const json = visibleJson({ [text]: [text] }, isIndented ? 2 : 0);
        expect(json).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(json.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
        expect(JSON.parse(json)).toEqual({ [text]: [text] });
        if (!isIndented) expect(json).not.toContain("\n");
      }),
    );
  });
});

describe("table", () => {
  type Row = { name: string; size: string };
  const columns = [
    { header: "NAME", value: ({ name }: Row) => name },
    { header: "SIZE", value: ({ size }: Row) => size, align: "right" as const },
    { header: "END", value: () => "x" },
  ];

  test("aligns columns by the cells a terminal needs, wide characters and emoji included", () => {
    const rows = [
      { name: "東京", size: "1" },
      { name: "e\u0301", size: "1000" },
      { name: "🙂", size: "" },
    ];
    expect(table(rows, columns)).toBe("NAME  SIZE  END\n東京     1  x\ne\u0301     1000  x\n🙂       -  x\n");
  });

  test("keeps one row on one line whatever it holds", () => {
    expect(table([{ name: "a\nb\u001b[0m", size: "1" }], columns).split("\n")).toHaveLength(3);
  });

  test("colours do not disturb the alignment", () => {
    const painted = [{ ...columns[0]!, paint: (cell: string) => `\u001b[31m${cell}\u001b[39m` }, columns[1]!];
    expect(displayWidth(table([{ name: "abcdef", size: "1" }], painted).split("\n")[1]!)).toBe(12);
  });

  test("a card leaves out what is absent and indents further lines", () => {
    expect(
      card([
        ["A", "1"],
        ["Long", "x\ny"],
        ["No", undefined],
      ]),
    ).toBe("A:     1\nLong:  x\n       y\n");
  });
});

describe("formats", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [99_949, "99.9 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [2_300_000_000, "2.3 GB"],
    [null, ""],
  ])("%s bytes are %s", (bytes, shown) => {
    expect(formatBytes(bytes)).toBe(shown);
  });

  test.each([
    [3, "3 ms"],
    [949, "949 ms"],
    [950, "0.9 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 0 s"],
    [252_000, "4 min 12 s"],
  ])("%i ms are %s", (ms, shown) => {
    expect(formatDuration(ms)).toBe(shown);
  });

  test.each([
    ["2026-01-02T00:00:00Z", "just now"],
    ["2026-01-01T23:59:00Z", "1 minute ago"],
    ["2026-01-01T00:30:00Z", "23 hours ago"],
    ["2025-12-30T00:00:00Z", "3 days ago"],
    ["2026-01-31T12:00:00Z", "in 29 days"],
    ["2024-01-01T00:00:00Z", "2 years ago"],
    [null, ""],
  ])("%s is %s", (time, shown) => {
    expect(formatAge(time, new Date("2026-01-02T00:00:00Z"))).toBe(shown);
  });

  test("shortens digests and cuts text to cells", () => {
    expect(shortDigest(`sha256:${"0123456789abcdef".repeat(4)}`)).toBe("sha256:0123456789ab");
    expect(truncate("東京都", 5)).toBe("東京…");
    expect(truncate("abc", 3)).toBe("abc");
  });

  test("colours are for terminals that want them", () => {
    const terminal = { isTTY: true } as never;
    expect(styleFor(terminal, { noColor: false, term: "xterm" }).red("x")).toBe("\u001b[31mx\u001b[39m");
    expect(styleFor(terminal, { noColor: true, term: "xterm" }).red("x")).toBe("x");
    expect(styleFor(terminal, { noColor: false, term: "dumb" }).red("x")).toBe("x");
    expect(styleFor({} as never, { noColor: false, term: "xterm" }).red("x")).toBe("x");
  });
});
