import type { LogLine } from "../domain/workspaces/ports.ts";
import { type BuildStep, stepView } from "../domain/workspaces/workspace.ts";
import type { LayersEntry, Log, Recorder } from "./ports.ts";

export type RecorderStore = {
  position(buildId: string): Promise<{ seq: number; step: number }>;
  append(buildId: string, steps: BuildStep[], lines: LogLine[]): Promise<void>;
};

/** Lines wait this long for company before they are written: people do not notice, the database does. */
const flushDelayMs = 40;
/** More than anybody reads; a run-away source must not fill the database. */
const mostLines = 20_000;

/** Keeps a build's story in order and writes it behind the work, never in its way. */
export class BuildRecorder implements Recorder {
  readonly #buildId: string;
  readonly #store: RecorderStore;
  readonly #clock: () => Date;
  readonly #log: Log;
  #seq: number;
  #position: number;
  #open: BuildStep | undefined;
  readonly #steps = new Map<number, BuildStep>();
  #lines: LogLine[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    options: { buildId: string; store: RecorderStore; clock: () => Date; log: Log },
    position: { seq: number; step: number },
  ) {
    this.#buildId = options.buildId;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#seq = position.seq;
    this.#position = position.step;
  }

  /** Continues the story where it stands. */
  static async open(options: { buildId: string; store: RecorderStore; clock: () => Date; log: Log }) {
    return new BuildRecorder(options, await options.store.position(options.buildId));
  }

  start(id: string, title: string): void {
    this.endOpen("succeeded");
    this.#position += 1;
    const startedAt = this.#clock();
    const step = { position: this.#position, id, title, status: "running" as const, detail: null, startedAt };
    this.#open = { ...step, finishedAt: null };
    this.#tellStep(this.#open);
  }

  finish(id: string, detail?: string): void {
    if (this.#open?.id === id) this.endOpen("succeeded", detail);
  }

  endOpen(status: BuildStep["status"], detail?: string): void {
    if (!this.#open) return;
    const ended = { ...this.#open, status, detail: detail ?? this.#open.detail, finishedAt: this.#clock() };
    this.#open = undefined;
    this.#tellStep(ended);
  }

  log(step: string, level: "info" | "warning" | "error", message: string): void {
    this.#tell({ type: "log", step, level, message: message.slice(0, 4000) });
  }

  layers(entry: LayersEntry): void {
    this.#tell({ type: "layers", ...entry });
  }

  /** Resolves when everything told so far is written; a failed write is logged and its lines are lost, not the build. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const steps = [...this.#steps.values()];
    const lines = this.#lines;
    this.#steps.clear();
    this.#lines = [];
    if (steps.length > 0 || lines.length > 0) {
      this.#writing = this.#writing.then(() => this.#write(steps, lines));
    }
    await this.#writing;
  }

  async #write(steps: BuildStep[], lines: LogLine[]): Promise<void> {
    try {
      await this.#store.append(this.#buildId, steps, lines);
    } catch (error) {
      this.#log.warn({ err: error, buildId: this.#buildId }, "a build's log could not be written");
    }
  }

  #tellStep(step: BuildStep): void {
    this.#steps.set(step.position, step);
    this.#tell({ type: "step", step: stepView(step) });
  }

  #tell(entry: LogLine["entry"]): void {
    if (this.#seq >= mostLines && entry.type !== "step") return;
    this.#seq += 1;
    this.#lines.push({ seq: this.#seq, time: this.#clock(), entry });
    this.#timer ??= setTimeout(() => void this.flush(), flushDelayMs);
  }
}
