import type { Context } from "./context.ts";

/** One option: how it is written, what its text must be, and what the command gets. */
export type OptionSpec<T> = {
  flags: string;
  description: string;
  choices?: readonly string[];
  isRequired?: boolean;
  /** May be given several times; `read` then gets an array. */
  isRepeatable?: boolean;
  /** Turns the text into a value, or says in a sentence why it cannot. */
  parse?(text: string): { value: unknown } | { problem: string };
  read(raw: unknown): T;
};

/** One positional argument, in the order of the record that holds it. */
export type ArgumentSpec<T> = {
  name: string;
  description: string;
  choices?: readonly string[];
  isOptional: boolean;
  read(raw: unknown): T;
};

type Specs<T> = Record<string, { read(raw: unknown): T }>;
export type Values<S extends Specs<unknown>> = { [Key in keyof S]: ReturnType<S[Key]["read"]> };

export type Example = { text: string; command: string };

/** A command as data: what its help says, what it takes, and the few lines that do it. */
export type Command<
  A extends Record<string, ArgumentSpec<unknown>> = Record<string, ArgumentSpec<unknown>>,
  O extends Record<string, OptionSpec<unknown>> = Record<string, OptionSpec<unknown>>,
> = {
  summary: string;
  description?: string;
  arguments?: A;
  options?: O;
  /** Takes anything after `--`, shown in the usage by this name. */
  rest?: string;
  /** Failures of Berth leave with this code instead of their own. */
  failureExitCode?: number;
  examples: readonly Example[];
  run(context: Context, input: { arguments: Values<A>; options: Values<O>; rest: readonly string[] }): Promise<void>;
};

/** Keeps the types of a command's arguments and options for its `run`. */
export function defineCommand<
  const A extends Record<string, ArgumentSpec<unknown>> = Record<never, never>,
  const O extends Record<string, OptionSpec<unknown>> = Record<never, never>,
>(command: Command<A, O>): Command {
  return command as unknown as Command;
}

const asText = (raw: unknown): string | undefined => (typeof raw === "string" ? raw : undefined);

/** A switch. */
export const flag = (flags: string, description: string): OptionSpec<boolean> => ({
  flags,
  description,
  read: (raw) => raw === true,
});

/** Any text. */
export const text = (flags: string, description: string): OptionSpec<string | undefined> => ({
  flags,
  description,
  read: asText,
});

/** Text that must be given. */
export const requiredText = (flags: string, description: string): OptionSpec<string> => ({
  flags,
  description,
  isRequired: true,
  read: (raw) => asText(raw) ?? "",
});

/** Text that may be given several times. */
export const texts = (flags: string, description: string): OptionSpec<string[]> => ({
  flags,
  description,
  isRepeatable: true,
  read: (raw) => (Array.isArray(raw) ? raw.filter((item) => typeof item === "string") : []),
});

/** One of a few words. */
export const choice = <const T extends string>(
  flags: string,
  description: string,
  choices: readonly T[],
): OptionSpec<T | undefined> => ({
  flags,
  description,
  choices,
  read: (raw) => choices.find((item) => item === raw),
});

/** One of a few words, several times. */
export const choicesOf = <const T extends string>(
  flags: string,
  description: string,
  choices: readonly T[],
): OptionSpec<T[]> => ({
  flags,
  description,
  choices,
  isRepeatable: true,
  read: (raw) => (Array.isArray(raw) ? choices.filter((item) => raw.includes(item)) : []),
});

/** A number, whole when `isWhole`. Limits are the server's to know. */
export const number = (
  flags: string,
  description: string,
  { isWhole = false }: { isWhole?: boolean } = {},
): OptionSpec<number | undefined> => ({
  flags,
  description,
  parse(input) {
    const pattern = isWhole ? /^\d{1,15}$/ : /^\d{1,15}(\.\d{1,9})?$/;
    if (!pattern.test(input)) return { problem: isWhole ? "It must be a whole number." : "It must be a number." };
    return { value: Number(input) };
  },
  read: (raw) => (typeof raw === "number" ? raw : undefined),
});

/** An argument that must be given. */
export const argument = (name: string, description: string): ArgumentSpec<string> => ({
  name,
  description,
  isOptional: false,
  read: (raw) => asText(raw) ?? "",
});

/** An argument that may be left out. */
export const optionalArgument = (name: string, description: string): ArgumentSpec<string | undefined> => ({
  name,
  description,
  isOptional: true,
  read: asText,
});

/** An argument that is one of a few words. */
export const choiceArgument = <const T extends string>(
  name: string,
  description: string,
  choices: readonly [T, ...T[]],
): ArgumentSpec<T> => ({
  name,
  description,
  choices,
  isOptional: false,
  read: (raw) => choices.find((item) => item === raw) ?? choices[0],
});

/** Keeps only what was given: the API's optional fields are absent, not undefined. */
export function given<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
