import { CliError } from "../errors/cli-error.ts";
import { visible } from "../output/visible.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether what was typed is an id rather than a name. */
export const isId = (text: string): boolean => uuid.test(text);

/** Nothing has that name. */
export function notFound(kind: string, name: string, command: string): CliError {
  return new CliError("notFound", {
    code: "NOT_FOUND",
    title: `There is no such ${kind}`,
    detail: `There is no ${kind} ${visible(name)}, or you may not see it.`,
    fix: { text: "See what there is:", command },
  });
}

/** Several things have that name; says which, so that one can be chosen. */
export function ambiguous(kind: string, name: string, candidates: readonly string[], how: string): CliError {
  const shown = candidates.slice(0, 10).map(visible);
  const more = candidates.length > shown.length ? ` and ${candidates.length - shown.length} more` : "";
  return new CliError("invalid", {
    code: "AMBIGUOUS_NAME",
    title: "The name is ambiguous",
    detail: `${visible(name)} could be any of ${candidates.length} ${kind}: ${shown.join(", ")}${more}.`,
    fix: { text: how },
  });
}
