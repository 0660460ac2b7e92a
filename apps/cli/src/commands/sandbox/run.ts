import { defineCommand } from "../../command.ts";
import { runInstalled } from "../../installed.ts";

export const command = defineCommand({
  summary: "Run a local AWS with a private ECR registry, to try Berth without an account",
  examples: [
    { text: "Run it on this machine", command: "berth sandbox" },
    { text: "Forget what it holds", command: "berth sandbox reset" },
  ],
  run: (context) => runInstalled(context, "sandbox", "The sandbox AWS", []),
});
