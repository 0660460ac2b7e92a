import path from "node:path";
import { fileURLToPath } from "node:url";
import { type SupervisedProcess, type SupervisionEvents, supervise } from "./supervised-process.ts";

/** What the server says of itself when it is ready. */
export type ServerReady = {
  url: string;
  /** Until there is an administrator. */
  setupUrl: string | undefined;
  /** On every engine object of this installation. */
  installationId: string | undefined;
};

const program = fileURLToPath(import.meta.resolve("@berth/server/main"));

export function startServerProcess(
  { dataDirectory, env }: { dataDirectory: string; env: NodeJS.ProcessEnv },
  events: SupervisionEvents,
  signal: AbortSignal,
): Promise<SupervisedProcess<ServerReady>> {
  const logFile = path.join(dataDirectory, "logs", "server.log");
  return supervise(
    { name: "The server", args: [program], env, logFile, readiness: () => serverReadiness },
    events,
    signal,
  );
}

/** Reads a line of the server's: a log entry, or once that it is ready. */
export function serverReadiness(line: string): { isPrivate: boolean; ready?: ServerReady } {
  const said = parseObject(line);
  if (said?.event !== "ready" || typeof said.url !== "string") return { isPrivate: false };
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const ready = { url: said.url, setupUrl: text(said.setupUrl), installationId: text(said.installationId) };
  return { isPrivate: true, ready };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
