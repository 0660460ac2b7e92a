import { actionCommand } from "./action.ts";

export const command = actionCommand({
  summary: "Stop and start a workspace, on the same digest",
  examples: [{ text: "Restart dev and wait until it runs", command: "berth ws restart dev --wait" }],
  call: (client, args) => client.restartWorkspace(args),
  doing: "Restarting",
});
