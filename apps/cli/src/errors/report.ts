import type { ApiError, Failure, Problem } from "@berth/api";
import type { Style } from "../output/style.ts";
import { visible, visibleText } from "../output/visible.ts";
import { CliError, type ExitKind, exitCodes } from "./cli-error.ts";

/** A failure ready to be shown: with the answer's own fields when the server sent it. */
export type Report = { exitCode: number; problem: Failure | Problem };

const byStatus: Record<number, ExitKind> = {
  401: "forbidden",
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  412: "conflict",
  429: "unavailable",
  500: "internal",
};

/** The exit code for a status of the API. */
export function exitCodeOf(status: number): number {
  const kind = byStatus[status] ?? (status > 500 ? "unavailable" : "invalid");
  return exitCodes[kind];
}

// By name: importing the class would load the whole contract for a failure that never left this machine.
const isApiError = (error: unknown): error is ApiError =>
  error instanceof Error && error.name === "ApiError" && "problem" in error;

const answerNotUnderstood: Report = {
  exitCode: exitCodes.unavailable,
  problem: {
    code: "ANSWER_NOT_UNDERSTOOD",
    title: "The answer was not understood",
    detail: "The server's answer is not what this version of berth expects.",
    fix: { text: "Use the version of berth that belongs to the server; compare with `berth --version`." },
    retryable: false,
  },
};

/** `fetch` fails so when the connection breaks inside an answer. */
const connectionLost: Report = {
  exitCode: exitCodes.unavailable,
  problem: {
    code: "CONNECTION_LOST",
    title: "The connection was lost",
    detail: "The connection to the server was lost in the middle of its answer.",
    fix: { text: "Run it again." },
    retryable: true,
  },
};

/** Says what went wrong. Anything unknown is a mistake of ours. */
export function reportOf(error: unknown): Report {
  if (error instanceof CliError) return { exitCode: exitCodes[error.kind], problem: error.failure };
  if (isApiError(error)) return { exitCode: exitCodeOf(error.problem.status), problem: error.problem };
  if (error instanceof Error && error.name === "ZodError") return answerNotUnderstood;
  if (error instanceof TypeError && error.cause instanceof Error && "code" in error.cause) return connectionLost;
  return {
    exitCode: exitCodes.internal,
    problem: {
      code: "INTERNAL",
      title: "Something went wrong in berth",
      detail: `Something went wrong in berth itself: ${error instanceof Error ? error.message : String(error)}`,
      fix: { text: "Run it again; if it stays so, report this message with the command." },
      retryable: false,
    },
  };
}

/** What stands in the way, where the answer names it: names only, never nested data. */
function contextLines(context: Record<string, unknown> = {}): string[] {
  return Object.entries(context).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    const printable = values.filter((item) => typeof item === "string" || typeof item === "number");
    if (printable.length === 0) return [];
    const shown = printable.slice(0, 10).map((item) => visible(String(item)));
    const more = printable.length > shown.length ? ` and ${printable.length - shown.length} more` : "";
    return [`  ${visible(name)}: ${shown.join(", ")}${more}`];
  });
}

/** A failure for people: what happened, what to do, and the code and request id to ask about it with. */
export function formatProblem(problem: Failure | Problem, style: Style): string {
  const lines = [`${style.red("berth:")} ${visibleText(problem.detail)}`];
  if ("errors" in problem) {
    for (const { path, message } of problem.errors ?? []) lines.push(`  ${visible(path)}: ${visible(message)}`);
  }
  if ("context" in problem) lines.push(...contextLines(problem.context));
  if (problem.fix) lines.push(`Fix: ${visibleText(problem.fix.text)}`);
  if (problem.fix?.command) lines.push(`  ${visibleText(problem.fix.command)}`);
  const request = "requestId" in problem && problem.requestId ? ` · request ${visible(problem.requestId)}` : "";
  lines.push(style.dim(`(${visible(problem.code)}${request})`));
  return `${lines.join("\n")}\n`;
}
