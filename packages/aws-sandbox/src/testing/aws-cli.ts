import type { AccessKey } from "../iam/identity-store.ts";
import type { Sandbox } from "../sandbox.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

export type CliIdentity = Pick<AccessKey, "accessKeyId" | "secretAccessKey"> & { sessionToken?: string };

export type AwsCliOptions = { as: CliIdentity; region?: string; env?: Record<string, string> };

/** Debian's AWS CLI, unmodified, pointed at a sandbox by nothing but `--endpoint-url`. */
export async function awsCli(
  sandbox: Sandbox,
  args: readonly string[],
  options: AwsCliOptions,
): Promise<CommandResult> {
  const { as, region = sandbox.region, env = {} } = options;
  return runCommand("/usr/bin/aws", ["--endpoint-url", sandbox.url, "--region", region, "--output", "json", ...args], {
    env: {
      AWS_ACCESS_KEY_ID: as.accessKeyId,
      AWS_SECRET_ACCESS_KEY: as.secretAccessKey,
      ...(as.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: as.sessionToken }),
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_PAGER: "",
      ...env,
    },
  });
}

/** The same, for calls that must succeed: parses what they print. */
export async function awsCliJson<T>(sandbox: Sandbox, args: readonly string[], options: AwsCliOptions): Promise<T> {
  const { code, stdout, stderr } = await awsCli(sandbox, args, options);
  if (code !== 0) throw new Error(`aws ${args.join(" ")} exited with ${code}: ${stderr.trim()}`);
  return (stdout.trim() === "" ? {} : JSON.parse(stdout)) as T;
}
