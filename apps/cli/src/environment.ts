import { readFileSync } from "node:fs";
import path from "node:path";
import { usageError } from "./errors/cli-error.ts";

/** What the command line takes from environment variables. */
export type Environment = {
  url: string | undefined;
  token: string | undefined;
  /** Where the credentials are kept. */
  configFile: string;
  noColor: boolean;
  term: string | undefined;
};

type Variables = Readonly<Record<string, string | undefined>>;

/** A variable, or the first line of the file that `NAME_FILE` names. Throws USAGE when that file cannot be read. */
function readVariable(variables: Variables, name: string): string | undefined {
  const file = variables[`${name}_FILE`];
  if (variables[name] || !file) return variables[name] || undefined;
  try {
    return readFileSync(file, "utf8").split(/\r?\n/, 1)[0]?.trim() || undefined;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw usageError(`${name}_FILE names a file that cannot be read: ${file} (${reason}).`, {
      text: `Correct ${name}_FILE, or unset it.`,
    });
  }
}

/** Reads the variables the command line knows. Throws USAGE. */
export function parseEnvironment(variables: Variables, home: string): Environment {
  // The base directory specification ignores a relative path.
  const xdg = variables.XDG_CONFIG_HOME;
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(home, ".config");
  return {
    url: readVariable(variables, "BERTH_URL"),
    token: readVariable(variables, "BERTH_TOKEN"),
    configFile: path.join(base, "berth", "config.json"),
    noColor: Boolean(variables.NO_COLOR),
    term: variables.TERM || undefined,
  };
}
