import { createInterface } from "node:readline/promises";
import { CliError, Interrupted, usageError } from "../errors/cli-error.ts";
import type { Io } from "../io.ts";
import { visible } from "../output/visible.ts";

type Asked = { io: Io; signal: AbortSignal };

/** Asks for a line on the terminal. */
export async function askLine({ io, signal }: Asked, prompt: string): Promise<string> {
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  // In raw mode the terminal hands Ctrl-C to readline instead of raising a signal.
  const interrupted = new AbortController();
  lines.once("SIGINT", () => interrupted.abort(new Interrupted("INT")));
  const either = AbortSignal.any([signal, interrupted.signal]);
  try {
    return (await lines.question(prompt, { signal: either })).trim();
  } catch (error) {
    either.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
}

/** Asks before something is lost. Throws CONFIRMATION_NEEDED without a terminal to ask on, and NOT_CONFIRMED on "no". */
export async function confirm(asked: Asked, question: string): Promise<void> {
  if (!asked.io.stdin.isTTY || !asked.io.stderr.isTTY) {
    throw new CliError("invalid", {
      code: "CONFIRMATION_NEEDED",
      title: "This needs a confirmation",
      detail: `${question} There is no terminal to ask on.`,
      fix: { text: "Add --yes to go ahead without being asked." },
    });
  }
  const answer = await askLine(asked, `${visible(question)} [y/N] `);
  if (/^y(es)?$/i.test(answer)) return;
  throw new CliError("invalid", { code: "NOT_CONFIRMED", title: "Nothing was done", detail: "Nothing was done." });
}

/** A value from an option, or asked for on the terminal. Throws USAGE without either. */
export async function optionOrAsk(
  asked: Asked,
  value: string | undefined,
  prompt: string,
  flag: string,
): Promise<string> {
  const found = value ?? (asked.io.stdin.isTTY && asked.io.stderr.isTTY ? await askLine(asked, prompt) : undefined);
  if (found) return found;
  throw usageError(`${flag} is missing.`, { text: `Add ${flag}.` });
}
