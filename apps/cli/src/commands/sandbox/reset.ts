import { defineCommand } from "../../command.ts";
import { runInstalled } from "../../installed.ts";

export const command = defineCommand({
  summary: "Delete everything the sandbox AWS holds",
  examples: [{ text: "Start again from nothing", command: "berth sandbox reset" }],
  run: (context) => runInstalled(context, "sandbox", "The sandbox AWS", ["reset"]),
});
