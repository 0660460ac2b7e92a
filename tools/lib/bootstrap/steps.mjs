/**
 * Tells people what a command is doing: a line for each step with how long it took. On a terminal the running steps
 * are shown too, on one line that is redrawn; elsewhere a slow step says every half minute that it is still at work.
 */

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/**
 * @typedef {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} Output
 * @typedef {(detail: string) => void} Report says how far a step is
 * @typedef {{
 *   run<T>(title: string, work: (report: Report) => Promise<T>): Promise<T>,
 *   note(sentence: string): void,
 *   close(): void,
 * }} Steps
 * @typedef {{ title: string, detail: string, startedAt: number, saidAt: number }} Running
 */

/**
 * @param {Output} output
 * @param {{ quietBelowMs?: number, now?: () => number }} [options] steps faster than `quietBelowMs` leave no line
 * @returns {Steps}
 */
export function createSteps(output, { quietBelowMs = 300, now = Date.now } = {}) {
  /** @type {Set<Running>} */
  const running = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let frame = 0;

  const clear = () => output.isTTY && output.write("\r\x1b[K");
  const line = (/** @type {string} */ text) => {
    clear();
    output.write(`${text}\n`);
  };
  const draw = () => {
    if (!output.isTTY) return remind();
    frame += 1;
    const text = [...running].map((step) => `${step.title}${step.detail && `: ${step.detail}`}`).join(" · ");
    const elapsed = Math.max(...[...running].map((step) => now() - step.startedAt));
    const drawn = `${frames[frame % frames.length]} ${text} (${seconds(elapsed, 0)})`;
    clear();
    output.write(drawn.slice(0, (output.columns ?? 80) - 1));
  };
  const remind = () => {
    for (const step of running) {
      if (now() - step.saidAt < 30_000) continue;
      step.saidAt = now();
      line(`…  ${step.title}${step.detail && `: ${step.detail}`} (${seconds(now() - step.startedAt, 0)} so far)`);
    }
  };
  const stopDrawing = () => {
    clearInterval(timer);
    timer = undefined;
    clear();
  };

  return {
    async run(title, work) {
      const step = { title, detail: "", startedAt: now(), saidAt: now() };
      running.add(step);
      timer ??= setInterval(draw, output.isTTY ? 100 : 1000);
      timer.unref();
      const finish = (/** @type {string} */ mark, quietBelow = 0) => {
        const elapsed = now() - step.startedAt;
        running.delete(step);
        if (running.size === 0) stopDrawing();
        if (elapsed >= quietBelow) line(`${mark}  ${title} (${seconds(elapsed, 1)})`);
      };
      try {
        const result = await work((detail) => {
          step.detail = detail;
        });
        finish("✓", quietBelowMs);
        return result;
      } catch (error) {
        finish("✗");
        throw error;
      }
    },
    note: (sentence) => line(`   ${sentence}`),
    close: stopDrawing,
  };
}

/**
 * @param {number} milliseconds
 * @param {number} digits
 */
function seconds(milliseconds, digits) {
  return `${(milliseconds / 1000).toFixed(digits)} s`;
}
