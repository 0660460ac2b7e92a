import type { ArgumentSpec, Command, OptionSpec } from "../command.ts";
import { allCommands, type Group, isGroup } from "../command-tree.ts";

const intro = `# The \`berth\` command

<!-- Written by \`node tools/write-cli-docs.ts\` from the definitions in apps/cli/src/commands; do not edit. -->

\`berth\` is a client of Berth's HTTP API, and starts its server. \`berth COMMAND --help\` shows what is here.

- **Output.** \`--output table\` (the default) is for people, \`--output json\` gives the API's own objects; lists are
  \`{"items": […], "nextCursor": …}\`. Progress and remarks go to standard error, and \`--output json\` has none.
- **Which server.** \`--url\`, else \`BERTH_URL\`, else the server of the last \`berth login\`. \`BERTH_TOKEN\` is used instead of
  the saved token. Each may be given by a file: \`BERTH_URL_FILE\`, \`BERTH_TOKEN_FILE\`. Tokens are kept in
  \`~/.config/berth/config.json\` (\`XDG_CONFIG_HOME\` is honoured), and each goes to its own server only.
- **Secrets** are read from a prompt or from one line of standard input, never from an option.
- **Names.** Registries by name; images by \`team/base\`, \`HOST/team/base\`; workspaces by \`name\` or \`owner/name\`; all by id.
- **Colours** are for terminals, and off with \`NO_COLOR\`.

Exit codes:

| code | meaning |
|---:|---|
| 0 | done |
| 1 | something went wrong in Berth |
| 2 | the command line or the request is not valid |
| 3 | not signed in, or not allowed |
| 4 | there is no such thing, or you may not see it |
| 5 | it conflicts with what is there |
| 6 | a server, a registry or an engine failed; a build or a check failed |
| 130 | interrupted |

\`berth exec\` returns the command's own exit code, and 255 for Berth's failures.
`;

function usageOf(words: readonly string[], command: Command): string {
  const names = Object.values(command.arguments ?? {}).map(({ name, isOptional }) =>
    isOptional ? `[${name}]` : `<${name}>`,
  );
  const options = command.options ? ["[options]"] : [];
  const rest = command.rest ? [`[-- ${command.rest}]`] : [];
  return ["berth", ...words, ...options, ...names, ...rest].join(" ");
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
const choicesOf = (choices: readonly string[] | undefined): string =>
  choices ? `: ${choices.map((item) => `\`${item}\``).join(", ")}` : "";

function argumentRow({ name, description, choices }: ArgumentSpec<unknown>): string {
  return `| \`${name}\` | ${cell(description + choicesOf(choices))} |`;
}

function optionRow({ flags, description, choices, isRequired }: OptionSpec<unknown>): string {
  return `| \`${cell(flags)}\` | ${cell(description + choicesOf(choices))}${isRequired ? " (required)" : ""} |`;
}

function section(words: readonly string[], command: Command): string {
  const rows = [
    ...Object.values(command.arguments ?? {}).map(argumentRow),
    ...Object.values(command.options ?? {}).map(optionRow),
  ];
  const examples = command.examples.map(({ text, command: line }) => `# ${text}\n${line}`).join("\n\n");
  return [
    `### berth ${words.join(" ")}`,
    `${command.summary}.${command.description ? ` ${command.description}` : ""}`,
    `\`\`\`\n${usageOf(words, command)}\n\`\`\``,
    ...(rows.length > 0 ? [`| | |\n|---|---|\n${rows.join("\n")}`] : []),
    `\`\`\`sh\n${examples}\n\`\`\``,
  ].join("\n\n");
}

/** The reference of every command, as Markdown. */
export async function cliPage(root: Group): Promise<string> {
  const all = await allCommands(root);
  const parts = [intro.trimEnd()];
  for (const [name, node] of Object.entries(root.children)) {
    const aliases = isGroup(node) && node.aliases ? ` (${node.aliases.map((alias) => `\`${alias}\``).join(", ")})` : "";
    const remark = isGroup(node) ? `\n\n${node.summary}.` : "";
    parts.push(`## ${name}${aliases}${remark}`);
    for (const { words, command } of all) if (words[0] === name) parts.push(section(words, command));
  }
  return `${parts.join("\n\n")}\n`;
}
