import { visible } from "./visible.ts";
import { displayWidth, padEnd, padStart } from "./width.ts";

/** One column: what to show of an item, and how. `paint` colours a cell after its width was taken. */
export type Column<Item> = {
  header: string;
  value(item: Item): string;
  align?: "left" | "right";
  paint?(cell: string, item: Item): string;
};

/** Aligned columns, two spaces between them, no trailing spaces. Text from elsewhere is made visible here. */
export function table<Item>(items: readonly Item[], columns: readonly Column<Item>[]): string {
  const rows = items.map((item) => columns.map((column) => visible(column.value(item)) || "-"));
  const widths = columns.map((column, at) =>
    Math.max(displayWidth(column.header), ...rows.map((row) => displayWidth(row[at] ?? ""))),
  );
  const line = (cells: readonly string[], item?: Item) =>
    cells
      .map((cell, at) => {
        const column = columns[at];
        const isLast = at === columns.length - 1;
        const padded =
          column?.align === "right" ? padStart(cell, widths[at] ?? 0) : isLast ? cell : padEnd(cell, widths[at] ?? 0);
        return item !== undefined && column?.paint ? column.paint(padded, item) : padded;
      })
      .join("  ")
      .trimEnd();
  const head = line(columns.map((column) => column.header));
  return [head, ...rows.map((row, at) => line(row, items[at]))].map((text) => `${text}\n`).join("");
}

/** Names and values, aligned, for one thing. Absent values are left out; line breaks in a value are kept, indented. */
export function card(rows: readonly (readonly [name: string, value: string | undefined])[]): string {
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== "");
  const width = Math.max(0, ...shown.map(([name]) => displayWidth(name))) + 3;
  return shown
    .map(([name, value]) => {
      const lines = value.split("\n");
      return `${padEnd(`${name}:`, width)}${lines.join(`\n${" ".repeat(width)}`)}\n`;
    })
    .join("");
}
