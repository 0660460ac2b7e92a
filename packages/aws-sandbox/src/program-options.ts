import path from "node:path";
import { parseArgs } from "node:util";
import { SandboxError } from "./data-directory.ts";
import { isAwsRegion } from "./http/endpoint.ts";

export type ProgramOptions = {
  command: "start" | "reset" | "help";
  dataDir: string;
  listen: string;
  port: number;
  account: string;
  region: string;
  throttling: boolean;
};

export const usage = `Usage: berth sandbox [reset] [options]

Runs a local AWS: ECR with its registry, IAM and STS. With reset, deletes what it keeps.

  --port PORT        port to listen on                 BERTH_SANDBOX_PORT      7090; 0 takes any
  --listen ADDRESS   address to listen on              BERTH_SANDBOX_LISTEN    127.0.0.1
  --data-dir DIR     where everything is kept          BERTH_SANDBOX_DATA_DIR  sandbox in BERTH_DATA_DIR
  --account ID       account of requests naming none   BERTH_SANDBOX_ACCOUNT   000000000000
  --region REGION    region of requests naming none    BERTH_SANDBOX_REGION    us-east-1
  --throttle         apply AWS's default quotas
  --help             print this

Examples:
  berth sandbox
  berth sandbox --port 0 --data-dir ./aws
  berth sandbox reset
`;

function invalid(message: string): SandboxError {
  return new SandboxError("SANDBOX_OPTION_INVALID", `${message} See berth sandbox --help.`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw invalid(`${text} is not a port: give a number from 0 to 65535.`);
  return port;
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        port: { type: "string" },
        listen: { type: "string" },
        "data-dir": { type: "string" },
        account: { type: "string" },
        region: { type: "string" },
        throttle: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(". ")[0] : undefined;
    throw invalid(`${reason ?? "The options are not understood"}.`);
  }
}

/** Reads arguments, then the environment, then defaults. Throws `SANDBOX_OPTION_INVALID` saying what is wrong. */
export function parseProgramOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ProgramOptions {
  const { values, positionals } = readArguments(argv);
  const [command, ...rest] = positionals;
  if (rest.length > 0 || (command !== undefined && command !== "reset")) {
    throw invalid(`There is no command ${positionals.join(" ")}.`);
  }
  const home = env.BERTH_DATA_DIR ?? path.join(env.HOME ?? ".", ".local", "share", "berth");
  const account = values.account ?? env.BERTH_SANDBOX_ACCOUNT ?? "000000000000";
  if (!/^\d{12}$/.test(account)) throw invalid(`${account} is not an account: give 12 digits.`);
  const region = values.region ?? env.BERTH_SANDBOX_REGION ?? "us-east-1";
  if (!isAwsRegion(region)) throw invalid(`${region} is not a region of AWS's standard partition.`);
  return {
    command: values.help ? "help" : command === "reset" ? "reset" : "start",
    dataDir: values["data-dir"] ?? env.BERTH_SANDBOX_DATA_DIR ?? path.join(home, "sandbox"),
    listen: values.listen ?? env.BERTH_SANDBOX_LISTEN ?? "127.0.0.1",
    port: parsePort(values.port ?? env.BERTH_SANDBOX_PORT ?? "7090"),
    account,
    region,
    throttling: values.throttle ?? false,
  };
}
