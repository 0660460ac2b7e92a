/** How long outputs must be silent after the exit before a survivor that holds them open is no longer waited for. */
const QUIET_MS = 100;
/** More than pipes and terminals hold: whatever exceeds it was written after the exit, by somebody else. */
const MAX_TAIL_BYTES = 1024 * 1024;

/**
 * Decides when a finished command's output is complete although a background process keeps it open. Silence counts only
 * while the outputs flow: a client that reads slowly loses nothing.
 */
export class Drain {
  readonly #onDone: () => void;
  #timer: NodeJS.Timeout | undefined;
  #tailBytes = 0;
  #isFlowing: boolean;

  constructor(isFlowing: boolean, onDone: () => void) {
    this.#isFlowing = isFlowing;
    this.#onDone = onDone;
    this.#restart();
  }

  sawOutput(bytes: number): void {
    this.#tailBytes += bytes;
    if (this.#tailBytes > MAX_TAIL_BYTES) this.#onDone();
    else this.#restart();
  }

  setFlowing(isFlowing: boolean): void {
    this.#isFlowing = isFlowing;
    this.#restart();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #restart(): void {
    this.stop();
    if (!this.#isFlowing) return;
    const timer = setTimeout(() => {
      // Timers run before reads: after a long pause of this process, unread output may be waiting.
      setImmediate(() => {
        if (this.#timer === timer) this.#onDone();
      });
    }, QUIET_MS);
    this.#timer = timer;
  }
}
