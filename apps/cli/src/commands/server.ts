import { defineCommand } from "../command.ts";
import { runInstalled } from "../installed.ts";

export const command = defineCommand({
  summary: "Run the Berth server",
  description:
    "It is set up by environment variables: BERTH_LISTEN, BERTH_PORT, BERTH_DATA_DIR, BERTH_DATABASE_URL and others.",
  examples: [
    { text: "Run on this machine with everything built in", command: "berth server" },
    { text: "With a PostgreSQL of your own", command: "BERTH_DATABASE_URL_FILE=/run/secrets/database berth server" },
  ],
  run: (context) => runInstalled(context, "server", "The server", []),
});
