import { defineCommand, text } from "../../command.ts";
import { runInstalled } from "../../installed.ts";

export const command = defineCommand({
  summary: "Delete everything the sandbox AWS holds",
  options: { dataDir: text("--data-dir <dir>", "where it is kept (default: sandbox in BERTH_DATA_DIR)") },
  examples: [{ text: "Start again from nothing", command: "berth sandbox reset" }],
  run: (context, { options: { dataDir } }) =>
    runInstalled(context, "sandbox", "The sandbox AWS", [
      "reset",
      ...(dataDir === undefined ? [] : [`--data-dir=${dataDir}`]),
    ]),
});
