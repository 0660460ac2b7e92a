import type { Steps } from "../lib/bootstrap/steps.mjs";

/** One Ctrl-C may arrive several times: from the terminal, and handed on by npm. */
const sameKeystrokeMs = 500;

/**
 * Turns Ctrl-C, a hang-up, TERM and the end of the process that started this one into an abort. A second Ctrl-C ends this process
 * at once; its children then end with it.
 */
export function stopOnSignals(steps: Steps): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const stop = (name: string) => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      if (name === "SIGINT") steps.note("Stopping; press Ctrl-C again to stop without waiting.");
      controller.abort(new Error("Stopped."));
    } else if (name !== "disconnect" && Date.now() - firstAt > sameKeystrokeMs) {
      steps.close();
      process.exit(130);
    }
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop(name));
  process.on("disconnect", () => stop("disconnect"));
  process.channel?.unref();
  return controller.signal;
}
