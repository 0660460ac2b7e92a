import { defineCommand, flag, number, text } from "../../command.ts";
import { runInstalled } from "../../installed.ts";

export const command = defineCommand({
  summary: "Run a local AWS with a private ECR registry, to try Berth without an account",
  options: {
    port: number("--port <port>", "port to listen on; 0 takes any (default: BERTH_SANDBOX_PORT, then 7090)", {
      isWhole: true,
    }),
    listen: text("--listen <address>", "address to listen on (default: 127.0.0.1)"),
    dataDir: text("--data-dir <dir>", "where everything is kept (default: sandbox in BERTH_DATA_DIR)"),
    account: text("--account <id>", "account of requests that name none (default: 000000000000)"),
    region: text("--region <region>", "region of requests that name none (default: us-east-1)"),
    throttle: flag("--throttle", "apply AWS's default quotas"),
  },
  examples: [
    { text: "Run it on this machine", command: "berth sandbox" },
    { text: "Another one beside it", command: "berth sandbox --port 0 --data-dir ./aws" },
    { text: "Forget what it holds", command: "berth sandbox reset" },
  ],
  run: (context, { options }) => {
    const valued = [
      ["--port", options.port === undefined ? undefined : String(options.port)],
      ["--listen", options.listen],
      ["--data-dir", options.dataDir],
      ["--account", options.account],
      ["--region", options.region],
    ] as const;
    const args = valued.flatMap(([flags, value]) => (value === undefined ? [] : [`${flags}=${value}`]));
    return runInstalled(context, "sandbox", "The sandbox AWS", options.throttle ? [...args, "--throttle"] : args);
  },
});
