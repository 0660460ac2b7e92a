import { Argument, CommanderError, InvalidArgumentError, Option, Command as Parser } from "commander";
import type { ArgumentSpec, Command, OptionSpec } from "./command.ts";
import { findRoute, type Group, isGroup, type Node } from "./command-tree.ts";
import { usageError } from "./errors/cli-error.ts";

export type OutputFormat = "table" | "json";

/** What a command line asks for. */
export type Parsed =
  | { kind: "print"; text: string }
  | {
      kind: "run";
      command: Command;
      arguments: Record<string, unknown>;
      options: Record<string, unknown>;
      rest: readonly string[];
      output: OutputFormat;
      url: string | undefined;
    };

function toOption(spec: OptionSpec<unknown>): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.isRequired) option.makeOptionMandatory();
  const { parse } = spec;
  if (spec.choices) option.choices([...spec.choices]);
  if (parse) {
    option.argParser((text: string) => {
      const parsed = parse(text);
      if ("problem" in parsed) throw new InvalidArgumentError(parsed.problem);
      return parsed.value;
    });
  }
  if (spec.isRepeatable) {
    const check = option.parseArg;
    option.argParser((text: string, previous: unknown) => {
      const value = spec.choices && check ? check.call(option, text, undefined as never) : text;
      return [...(Array.isArray(previous) ? previous : []), value];
    });
  }
  return option;
}

function toArgument(spec: ArgumentSpec<unknown>): Argument {
  const argument = new Argument(spec.isOptional ? `[${spec.name}]` : `<${spec.name}>`, spec.description);
  return spec.choices ? argument.choices([...spec.choices]) : argument;
}

/** Examples as help and the reference show them. */
export function examplesText(command: Command): string {
  if (command.examples.length === 0) return "";
  const shown = command.examples.map(({ text, command: line }) => `  # ${text}\n  ${line}`);
  return `\nExamples:\n${shown.join("\n\n")}`;
}

type Captured = { command?: Command; run?: Omit<Extract<Parsed, { kind: "run" }>, "rest" | "output" | "url"> };

function addCommand(parser: Parser, command: Command, captured: Captured): void {
  parser.description(command.description ? `${command.summary}.\n\n${command.description}` : `${command.summary}.`);
  captured.command = command;
  if (command.rest) {
    const names = Object.values(command.arguments ?? {}).map(({ name, isOptional }) =>
      isOptional ? `[${name}]` : `<${name}>`,
    );
    parser.usage(`[options] ${names.join(" ")} [-- ${command.rest}]`);
  }
  const argumentSpecs = Object.entries(command.arguments ?? {});
  for (const [, spec] of argumentSpecs) parser.addArgument(toArgument(spec));
  const optionSpecs = Object.entries(command.options ?? {}).map(([key, spec]) => ({
    key,
    spec,
    option: toOption(spec),
  }));
  for (const { option } of optionSpecs) parser.addOption(option);
  parser.addHelpText("after", examplesText(command));
  parser.action(() => {
    const raw = parser.opts();
    captured.run = {
      kind: "run",
      command,
      arguments: Object.fromEntries(argumentSpecs.map(([key, spec], at) => [key, spec.read(parser.args[at])])),
      options: Object.fromEntries(
        optionSpecs.map(({ key, spec, option }) => [key, spec.read(raw[option.attributeName()])]),
      ),
    };
  });
}

async function summaryOf(node: Node): Promise<string> {
  return isGroup(node) ? node.summary : (await node.load()).summary;
}

async function addChild(parent: Parser, name: string, node: Node): Promise<void> {
  const parser = parent.command(name).description(await summaryOf(node));
  if (isGroup(node) && node.aliases) parser.aliases([...node.aliases]);
}

/** Registers what the command line can reach: every child of the group it stops at, and only the way there above it. */
async function addPath(root: Parser, group: Group, words: readonly string[], captured: Captured): Promise<void> {
  let parser = root;
  let current: Group = group;
  for (const { name, node } of findRoute(group, words).path) {
    parser = parser.command(name);
    if (!isGroup(node)) return addCommand(parser, await node.load(), captured);
    parser.description(`${node.summary}.`);
    if (node.aliases) parser.aliases([...node.aliases]);
    current = node;
  }
  if (current.own) addCommand(parser, await current.own.load(), captured);
  for (const [name, node] of Object.entries(current.children)) await addChild(parser, name, node);
}

/** Splits what follows the first `--` off: it belongs to another program. */
function splitRest(words: readonly string[]): { own: readonly string[]; rest: readonly string[]; isSplit: boolean } {
  const at = words.indexOf("--");
  return at < 0
    ? { own: words, rest: [], isSplit: false }
    : { own: words.slice(0, at), rest: words.slice(at + 1), isSplit: true };
}

function newRoot(version: string, print: (text: string) => void): Parser {
  return new Parser("berth")
    .description("Workspaces from the images of a private registry.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .addOption(new Option("-o, --output <format>", "how to print results").choices(["table", "json"]))
    .addOption(new Option("--url <url>", "server to talk to, instead of the current one"))
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: print, outputError: () => undefined });
}

/** Reads a command line. Throws USAGE with what is wrong with it. */
export async function parseCommandLine(
  root: Group,
  words: readonly string[],
  options: { version: string; columns: number; onCommand?: (command: Command) => void },
): Promise<Parsed> {
  const printed: string[] = [];
  const captured: Captured = {};
  const parser = newRoot(options.version, (text) => printed.push(text));
  parser.configureOutput({ getOutHelpWidth: () => options.columns, getErrHelpWidth: () => options.columns });
  const { own, rest, isSplit } = splitRest(words[0] === "help" ? [...words.slice(1), "--help"] : words);
  await addPath(parser, root, own, captured);
  if (captured.command) options.onCommand?.(captured.command);
  try {
    await parser.parseAsync(own.length === 0 ? ["--help"] : [...own], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "print", text: printed.join("") };
    throw usageOf(error, own, root, captured.command?.rest !== undefined);
  }
  if (!captured.run) return { kind: "print", text: printed.join("") };
  if (isSplit && !captured.run.command.rest) throw usageError("This command takes nothing after `--`.");
  const { output = "table", url } = parser.opts<{ output?: OutputFormat; url?: string }>();
  return { ...captured.run, rest, output, url };
}

function usageOf(error: CommanderError, words: readonly string[], root: Group, takesRest: boolean): Error {
  const path = findRoute(root, words).path.map(({ name }) => name);
  const help = { text: "See how it is used:", command: ["berth", ...path, "--help"].join(" ") };
  if (error.code === "commander.help") {
    return usageError(`\`berth ${path.join(" ")}\` needs a command.`, { ...help, text: "Its commands are listed by:" });
  }
  const sentence = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  const detail = sentence.charAt(0).toUpperCase() + sentence.slice(1);
  const isMeantForAnother = takesRest && /commander\.(excessArguments|unknownOption)/.test(error.code);
  const text = isMeantForAnother
    ? "Put -- before the command that is to run, and its own options after it:"
    : help.text;
  return usageError(/[.?)]$/.test(detail) ? detail : `${detail}.`, { ...help, text });
}
