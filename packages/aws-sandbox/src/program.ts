import path from "node:path";
import { resetSandbox, SandboxError } from "./data-directory.ts";
import { type ProgramOptions, parseProgramOptions, usage } from "./program-options.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";

export type ProgramContext = {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  write(text: string): void;
  writeError(text: string): void;
  /** Aborted when the program should end. */
  signal: AbortSignal;
};

function banner(sandbox: Sandbox): string {
  return [
    `Registry: ${sandbox.registryHost()}`,
    `Endpoint: ${sandbox.url}`,
    `Access key ID: ${sandbox.developer.accessKeyId}`,
    `Secret access key: ${sandbox.developer.secretAccessKey}`,
    `Credentials file: ${path.join(sandbox.dataDir, "credentials")}`,
    "",
  ].join("\n");
}

async function serve(options: ProgramOptions, { write, writeError, signal }: ProgramContext): Promise<void> {
  const onBug = (error: unknown) => writeError(`${error instanceof Error ? error.stack : String(error)}\n`);
  const sandbox = await startSandbox({ ...options, onBug });
  write(banner(sandbox));
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await sandbox.close();
}

/** Runs `berth sandbox …` until its signal; returns the exit code. */
export async function runSandboxProgram(context: ProgramContext): Promise<number> {
  try {
    const options = parseProgramOptions(context.argv, context.env);
    if (options.command === "help") context.write(usage);
    else if (options.command === "reset") {
      resetSandbox(options.dataDir);
      context.write(`The sandbox in ${options.dataDir} is empty again.\n`);
    } else await serve(options, context);
    return 0;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    context.writeError(`${error.message} (${error.code})\n`);
    return error.code === "SANDBOX_OPTION_INVALID" ? 2 : 1;
  }
}
