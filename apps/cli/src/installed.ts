import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Context } from "./context.ts";
import { CliError } from "./errors/cli-error.ts";

/** Programs that `berth` starts, by where their entry lies beside this package. */
const entries = {
  server: ["../server/dist/main.mjs", "../server/src/main.ts"],
  sandbox: ["../../packages/aws-sandbox/dist/main.mjs", "../../packages/aws-sandbox/src/main.ts"],
} as const;

/** Runs a program of this installation in the foreground, on the same Node, until it ends; leaves with its code. */
export async function runInstalled(
  context: Context,
  program: keyof typeof entries,
  title: string,
  args: readonly string[],
): Promise<void> {
  const { installation, io } = context;
  const candidates = entries[program].map((entry) => path.resolve(installation.packageRoot, entry));
  const entry = candidates.find((file) => existsSync(file));
  if (!entry) {
    throw new CliError("unavailable", {
      code: "PROGRAM_NOT_INSTALLED",
      title: `${title} is not installed here`,
      detail: `${title} is not part of this installation of berth.`,
      fix: { text: "Run it from the machine or the repository that has it." },
    });
  }
  // In a process group of its own: otherwise a terminal would send Ctrl-C to it, and we once more.
  const child = spawn(installation.node, [entry, ...args], { stdio: "inherit", detached: true });
  const stopForwarding = io.onSignal((name) => child.kill(`SIG${name}`));
  try {
    context.setExitCode(
      await new Promise<number>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 0)));
      }),
    );
  } finally {
    stopForwarding();
  }
}
