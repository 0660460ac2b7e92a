import type { BuildLogEntry } from "@berth/api";
import type { Context } from "../context.ts";
import { advance, beginLine, emptyView, lastingLines, layerSummary, liveLines } from "./view.ts";

/** Shows a build while it runs. */
export type Progress = { add(entry: BuildLogEntry): void; end(): void };

const FRAME_MS = 120;
const clearLine = "\u001b[2K";
const up = (lines: number) => (lines > 0 ? `\u001b[${lines}A` : "");

/** The right progress for where stderr goes: redrawn on a terminal, lines elsewhere, nothing beside JSON. */
export function progressFor(context: Context): Progress {
  if (context.output === "json") return { add: () => undefined, end: () => undefined };
  const { isTTY } = context.io.stderr;
  return isTTY && context.environment.term !== "dumb" ? liveProgress(context) : lineProgress(context);
}

/** One line when a step begins and one when it ends, and one for each tenth of a pull. */
export function lineProgress({ io, style }: Pick<Context, "io" | "style">): Progress {
  const begun = new Set<string>();
  let tenth = 0;
  const print = (line: string) => io.stderr.write(`${line}\n`);
  return {
    add(entry) {
      if (entry.type === "step" && entry.step.status === "running" && !begun.has(entry.step.id)) {
        begun.add(entry.step.id);
        print(beginLine(entry.step, style.err));
      }
      if (entry.type === "layers") {
        const now = entry.totalBytes > 0 ? Math.floor((entry.currentBytes / entry.totalBytes) * 10) : 0;
        if (now > tenth) print(`    ${layerSummary(entry)}`);
        tenth = Math.max(tenth, now);
      }
      for (const line of lastingLines(entry, style.err)) print(line);
    },
    end: () => undefined,
  };
}

/** Steps that stay, and below them the one under way with its layers, redrawn in place. */
export function liveProgress({ io, style }: Pick<Context, "io" | "style">): Progress {
  let view = emptyView;
  let drawn = 0;
  let tick = 0;
  const redraw = (lasting: readonly string[]) => {
    const columns = (io.stderr.columns ?? 80) - 1;
    const live = liveLines(view, { tick, nowMs: io.now().getTime(), columns });
    const erase = drawn > 0 ? `${up(drawn)}\r${`${clearLine}\n`.repeat(drawn)}${up(drawn)}` : "";
    io.stderr.write(erase + [...lasting, ...live].map((line) => `${line}\n`).join(""));
    drawn = live.length;
  };
  const timer = setInterval(() => {
    tick += 1;
    if (view.step) redraw([]);
  }, FRAME_MS);
  timer.unref();
  return {
    add(entry) {
      view = advance(view, entry);
      redraw(lastingLines(entry, style.err));
    },
    end() {
      clearInterval(timer);
      view = emptyView;
      redraw([]);
    },
  };
}
