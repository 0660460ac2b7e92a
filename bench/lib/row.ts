import { figure, type Summary } from "./stats.ts";

/** One line of the table: Berth, what a user would take instead, and the goal. */
export type Row = {
  id: string;
  what: string;
  beside: string;
  unit: string;
  berth: Summary;
  rival?: Summary;
  /** The figure that the goal is about, and whether it is met. */
  result: string;
  goal: string;
  isMet: boolean;
  /** How often Berth failed in this row. */
  failures?: number;
  notes?: string[];
};

const series = (summary: Summary | undefined) =>
  summary ? `${figure(summary.median)} / ${figure(summary.p95)} / ${figure(summary.p99)}` : "–";

/** The table in Markdown, as it is printed and kept. */
export function table(rows: readonly Row[]): string {
  const header = ["what", "unit", "Berth p50 / p95 / p99", "beside", "its p50 / p95 / p99", "result", "goal", ""];
  const lines = rows.map((row) => [
    row.what,
    row.unit,
    series(row.berth),
    row.beside,
    series(row.rival),
    row.result,
    row.goal,
    row.isMet ? "met" : "**not met**",
  ]);
  const all = [header, header.map(() => "---"), ...lines];
  const notes = rows.flatMap((row) => (row.notes ?? []).map((note) => `- ${row.id}: ${note}`));
  return [...all.map((cells) => `| ${cells.join(" | ")} |`), "", ...notes].join("\n");
}
