import { type SpawnOptions, spawn } from "node:child_process";

export type CommandResult = { status: number | null; output: string };

/** Runs a program to its end without a terminal; answers its exit status and what it wrote, newest 64 KiB. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env" | "signal"> & { onLine?: (line: string) => void } = {},
): Promise<CommandResult> {
  const { onLine, ...rest } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...rest, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk: Buffer) => {
      output = (output + chunk).slice(-65_536);
      const line = output.trimEnd().split("\n").at(-1);
      if (line) onLine?.(line);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => resolve({ status: null, output: `${output}${error.message}` }));
    child.on("close", (status) => resolve({ status, output }));
  });
}

/** The last line a program wrote, for a sentence about its failure. */
export function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1)?.trim().slice(0, 300) ?? "";
}
