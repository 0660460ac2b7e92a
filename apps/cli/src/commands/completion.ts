import { choiceArgument, defineCommand } from "../command.ts";
import { writeAll } from "../io.ts";

export const command = defineCommand({
  summary: "Print a script that completes berth's commands in your shell",
  arguments: { shell: choiceArgument("shell", "your shell", ["bash", "zsh", "fish"]) },
  examples: [
    { text: "bash, in ~/.bashrc", command: "source <(berth completion bash)" },
    { text: "zsh, in ~/.zshrc", command: "source <(berth completion zsh)" },
    { text: "fish", command: "berth completion fish > ~/.config/fish/completions/berth.fish" },
  ],
  async run(context, { arguments: { shell } }) {
    const [{ completions }, { completionScript }] = await Promise.all([
      import("../completion/words.ts"),
      import("../completion/scripts.ts"),
    ]);
    await writeAll(context.io.stdout, completionScript(shell, await completions(context.commands)));
  },
});
