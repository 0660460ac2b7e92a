import type { Completion } from "./words.ts";

export type Shell = "bash" | "zsh" | "fish";

const globalOptions = [
  { word: "--output", summary: "how to print results" },
  { word: "--url", summary: "server to talk to" },
  { word: "--help", summary: "show help" },
];

/** A script that makes a shell complete berth's commands and options. */
export function completionScript(shell: Shell, completions: readonly Completion[]): string {
  return { bash, zsh, fish }[shell](completions);
}

/** Commands first; options once a dash is typed or no command can follow. */
function words({ words: own }: Completion): string {
  return [...own, ...globalOptions].map(({ word }) => word).join(" ");
}

/** The words typed so far that name commands, without options, joined by spaces. */
function bash(completions: readonly Completion[]): string {
  const cases = completions.map((entry) => `    "${entry.after}") words="${words(entry)}" ;;`);
  return `# bash completion for berth: source <(berth completion bash)
_berth() {
  local current="\${COMP_WORDS[COMP_CWORD]}" typed="" words="" at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      --) return ;;
      -*) ;;
      *) if _berth_words "\${typed:+$typed }\${COMP_WORDS[at]}"; then typed="\${typed:+$typed }\${COMP_WORDS[at]}"; fi ;;
    esac
  done
  _berth_words "$typed"
  # Options only once a dash is typed.
  local pattern="--*"
  [[ $current == -* ]] && pattern=""
  COMPREPLY=($(compgen -W "$words" -X "$pattern" -- "$current"))
}
_berth_words() {
  case "$1" in
${cases.join("\n")}
    *) return 1 ;;
  esac
}
complete -o default -F _berth berth
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function zsh(completions: readonly Completion[]): string {
  const cases = completions.map((entry) => {
    const described = [...entry.words, ...globalOptions].map(({ word, summary }) =>
      quoted(`${word.replaceAll(":", "\\:")}:${summary}`),
    );
    return `    ${quoted(entry.after)}) candidates=(${described.join(" ")}) ;;`;
  });
  return `#compdef berth
# zsh completion for berth: source <(berth completion zsh)
_berth_words() {
  case "$1" in
${cases.join("\n")}
    *) return 1 ;;
  esac
}
_berth() {
  local typed="" at
  local -a candidates
  for ((at = 2; at < CURRENT; at++)); do
    case "\${words[at]}" in
      --) return ;;
      -*) ;;
      *) if _berth_words "\${typed:+$typed }\${words[at]}"; then typed="\${typed:+$typed }\${words[at]}"; fi ;;
    esac
  done
  _berth_words "$typed"
  _describe berth candidates
}
if [[ "\${funcstack[1]}" == _berth ]]; then _berth "$@"; else compdef _berth berth; fi
`;
}

function fish(completions: readonly Completion[]): string {
  const lines = completions.flatMap((entry) =>
    entry.words.map(({ word, summary }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c berth -n '__berth_after ${quoted(entry.after).replaceAll("'", '"')}' ${what} -d ${quoted(summary)}`;
    }),
  );
  const known = completions.map(({ after }) => quoted(after)).join(" ");
  return `# fish completion for berth: berth completion fish | source
function __berth_after
  set -l typed
  for word in (commandline -opc)[2..]
    switch $word
      case '--'
        return 1
      case '-*'
      case '*'
        if contains -- (string join ' ' $typed $word) ${known}
          set -a typed $word
        end
    end
  end
  test (string join ' ' $typed | string collect --allow-empty) = "$argv[1]"
end
complete -c berth -f
complete -c berth -s o -l output -x -a 'table json' -d 'how to print results'
complete -c berth -l url -x -d 'server to talk to'
complete -c berth -l help -d 'show help'
${lines.join("\n")}
`;
}
