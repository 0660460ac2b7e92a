import { actionCommand } from "./action.ts";

export const command = actionCommand({
  summary: "Start a stopped workspace on the digest it is pinned to",
  examples: [{ text: "Start dev and wait until it runs", command: "berth ws start dev --wait" }],
  call: (client, args) => client.startWorkspace(args),
  doing: "Starting",
});
