import type { BuildLogEntry, BuildStep } from "@berth/api";
import { formatBytes, formatDuration } from "../output/format.ts";
import type { Style } from "../output/style.ts";
import { visible } from "../output/visible.ts";
import { padEnd, truncate } from "../output/width.ts";

type Layers = Extract<BuildLogEntry, { type: "layers" }>;

/** What is under way in a build, as far as its log tells. */
export type BuildView = { step: BuildStep | undefined; layers: Layers | undefined };
export const emptyView: BuildView = { step: undefined, layers: undefined };

/** The view after one more entry. */
export function advance(view: BuildView, entry: BuildLogEntry): BuildView {
  if (entry.type === "build") return emptyView;
  if (entry.type === "layers") return { ...view, layers: entry };
  if (entry.type === "log") return view;
  return entry.step.status === "running"
    ? { step: entry.step, layers: view.step?.id === entry.step.id ? view.layers : undefined }
    : emptyView;
}

const marks = { succeeded: "✓", failed: "✗", canceled: "-" } as const;

/** The line that says a step began, where nothing is redrawn. */
export const beginLine = (step: BuildStep, style: Style): string => `${style.dim("…")} ${visible(step.title)}`;

/** The line that stays when a step is over, or when it says something. */
export function lastingLines(entry: BuildLogEntry, style: Style): string[] {
  if (entry.type === "log") {
    const paint = { info: style.dim, warning: style.yellow, error: style.red }[entry.level];
    return entry.message.split("\n").map((line) => paint(`    ${visible(line)}`));
  }
  if (entry.type !== "step" || entry.step.status === "running") return [];
  const { status, title, durationMs, detail } = entry.step;
  const paint = { succeeded: style.green, failed: style.red, canceled: style.yellow }[status];
  const time = durationMs === null ? "" : style.dim(` (${formatDuration(durationMs)})`);
  const lines = [`${paint(marks[status])} ${visible(title)}${time}`];
  return detail ? [...lines, style.dim(`    ${visible(detail)}`)] : lines;
}

const BAR_CELLS = 20;

function bar(current: number, total: number): string {
  const done = total > 0 ? Math.min(BAR_CELLS, Math.floor((current / total) * BAR_CELLS)) : 0;
  return `[${"█".repeat(done)}${"░".repeat(BAR_CELLS - done)}]`;
}

/** How far a pull is: `120 MB of 260 MB, 3 of 7 layers`. */
export function layerSummary({ currentBytes, totalBytes, layers }: Layers): string {
  const done = layers.filter(({ status }) => status === "done" || status === "present").length;
  return `${formatBytes(currentBytes)} of ${formatBytes(totalBytes)}, ${done} of ${layers.length} layers`;
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const MAX_LAYER_LINES = 8;

/** The lines that are redrawn in place on a terminal `columns` wide: the step under way and its layers. */
export function liveLines(view: BuildView, at: { tick: number; nowMs: number; columns: number }): string[] {
  if (!view.step) return [];
  const sinceMs = Math.max(0, at.nowMs - new Date(view.step.startedAt).getTime());
  const head = `${spinner[at.tick % spinner.length]} ${visible(view.step.title)} ${formatDuration(Math.floor(sinceMs / 100) * 100)}`;
  const { layers } = view;
  if (!layers) return [truncate(head, at.columns)];
  const active = layers.layers.filter(
    ({ status }) => status !== "done" && status !== "present" && status !== "waiting",
  );
  const lines = active.slice(0, MAX_LAYER_LINES).map((layer) => {
    const id = padEnd(visible(layer.id.replace(/^sha256:/, "").slice(0, 12)), 12);
    const size = layer.totalBytes > 0 ? `${formatBytes(layer.currentBytes)} of ${formatBytes(layer.totalBytes)}` : "";
    return `    ${id} ${padEnd(layer.status, 11)} ${bar(layer.currentBytes, layer.totalBytes)} ${size}`;
  });
  const summary = `  ${bar(layers.currentBytes, layers.totalBytes)} ${layerSummary(layers)}`;
  return [head, summary, ...lines].map((line) => truncate(line, at.columns));
}
