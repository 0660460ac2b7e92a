import { execFile } from "node:child_process";

export type CommandResult = { code: number; stdout: string; stderr: string };

/** Runs a program to its end, with `input` on its standard input; a failing exit code is an answer. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string | Buffer } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...options.env };
    const child = execFile(file, [...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(error);
      else resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
    // Who ends before it has read its input says so with its status.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input);
  });
}
