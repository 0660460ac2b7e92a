import { actionCommand } from "./action.ts";

export const command = actionCommand({
  summary: "Stop a workspace; its home stays",
  description:
    "Only the home directory is kept: what was changed elsewhere comes from the image again at the next start.",
  examples: [{ text: "Stop dev", command: "berth ws stop dev" }],
  call: (client, args) => client.stopWorkspace(args),
  doing: "Stopping",
});
