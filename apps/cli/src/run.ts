import { commands } from "./commands/index.ts";
import { createContext, type Installation } from "./context.ts";
import { type Environment, parseEnvironment } from "./environment.ts";
import { Interrupted } from "./errors/cli-error.ts";
import { formatProblem, reportOf } from "./errors/report.ts";
import { type Io, writeAll } from "./io.ts";
import { styleFor } from "./output/style.ts";
import { visibleJson } from "./output/visible.ts";
import { parseCommandLine } from "./program.ts";

export type RunOptions = {
  words: readonly string[];
  io: Io;
  variables: Readonly<Record<string, string | undefined>>;
  home: string;
  installation: Installation;
};

/** Before the command line is understood: enough to tell its mistakes in the form that was asked for. */
function wantsJson(words: readonly string[]): boolean {
  return words.some(
    (word, at) =>
      /^(--output=|-o=?)json$/.test(word) || ((word === "-o" || word === "--output") && words[at + 1] === "json"),
  );
}

/** Runs one command line and gives its exit code; never rejects. */
export async function run(options: RunOptions): Promise<number> {
  const { io, words, installation } = options;
  const state = { isJson: wantsJson(words), exitCode: 0, failureExitCode: undefined as number | undefined };
  const controller = new AbortController();
  const stopListening = io.onSignal((name) => controller.abort(new Interrupted(name)));
  let environment: Environment | undefined;
  try {
    environment = parseEnvironment(options.variables, options.home);
    const parsed = await parseCommandLine(commands, words, {
      version: installation.version,
      columns: io.stdout.columns ?? 100,
      onCommand: ({ failureExitCode }) => {
        state.failureExitCode = failureExitCode;
      },
    });
    if (parsed.kind === "print") {
      await writeAll(io.stdout, parsed.text);
      return 0;
    }
    state.isJson = parsed.output === "json";
    const setExitCode = (code: number) => {
      state.exitCode = code;
    };
    const { output, url } = parsed;
    const context = createContext({
      io,
      environment,
      installation,
      commands,
      output,
      url,
      signal: controller.signal,
      setExitCode,
    });
    await parsed.command.run(context, parsed);
    return state.exitCode;
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    const { exitCode, problem } = reportOf(error);
    const style = styleFor(io.stderr, { noColor: environment?.noColor ?? true, term: environment?.term });
    await writeAll(io.stderr, state.isJson ? `${visibleJson(problem)}\n` : formatProblem(problem, style));
    return state.failureExitCode ?? exitCode;
  } finally {
    stopListening();
  }
}
