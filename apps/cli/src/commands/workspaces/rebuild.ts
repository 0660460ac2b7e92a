import { actionCommand } from "./action.ts";

export const command = actionCommand({
  summary: "Start anew on what the tag points at now, home kept",
  examples: [{ text: "Take the newest image of dev's tag", command: "berth ws rebuild dev --wait" }],
  call: (client, args) => client.rebuildWorkspace(args),
  doing: "Rebuilding",
});
