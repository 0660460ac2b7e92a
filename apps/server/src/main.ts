import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseConfig } from "./config.ts";
import { StartupError } from "./domain/startup-error.ts";
import { createLogger } from "./logging/logger.ts";
import { redactText } from "./logging/redact.ts";
import { startServer } from "./server.ts";
import { serverVersion } from "./version.ts";
import { readAgentRuntime, wireProvider } from "./wire-provider.ts";

/** Where this repository's builds are. */
const buildDirectory = fileURLToPath(new URL("../../../dist", import.meta.url));

/** What `main` takes from the process; a test hands in its own. */
export type Process = {
  env: Readonly<Record<string, string | undefined>>;
  homeDirectory: string;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  /** Aborted by SIGTERM or SIGINT. */
  stop: AbortSignal;
};

/**
 * Runs the server until it is told to stop. Standard output carries JSON lines: the log, and once, when it is ready,
 * `{"event":"ready","url":…,"setupUrl":…,"installationId":…}` for whoever started it. Resolves with the exit code.
 */
export async function runServer({ env, homeDirectory, stdout, stderr, stop }: Process): Promise<number> {
  const log = createLogger(stdout);
  try {
    const config = parseConfig({ env, homeDirectory, buildDirectory, readFile: (file) => readFileSync(file, "utf8") });
    const agentRuntime = await readAgentRuntime(config.agentRuntimeDirectory);
    const server = await startServer({
      config,
      version: serverVersion,
      log,
      clock: () => new Date(),
      openProvider: (installationId) => wireProvider({ ...config.engine, installationId, agentRuntime, log }),
    });
    const { url, setupUrl, installationId } = server;
    stdout.write(`${JSON.stringify({ event: "ready", url, setupUrl, installationId })}\n`);
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener("abort", () => resolve(), { once: true });
    });
    log.info("stopping");
    await server.close();
    return 0;
  } catch (error) {
    if (!(error instanceof StartupError)) log.error({ err: error }, "the server could not start");
    const sentence = error instanceof StartupError ? error.message : "Berth could not start; the log has the details.";
    stderr.write(`${redactText(sentence)}\n`);
    return 1;
  }
}

if (import.meta.main) {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  // Whoever read the log may go away first.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const { env, stdout, stderr } = process;
  // What nobody caught leaves the process in an unknown state. It goes by the log, which redacts, and ends it.
  process.on("uncaughtException", (err) => {
    createLogger(stdout).error({ err }, "an error that nobody caught");
    stderr.write("Berth ended by an error that nobody caught; the log has the details.\n");
    process.exit(1);
  });
  process.exitCode = await runServer({ env, homeDirectory: homedir(), stdout, stderr, stop: stop.signal });
}
