import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { WorkspaceProvider } from "@berth/provider";
import {
  type AgentRuntime,
  createDockerProvider,
  type EngineAddress,
  findEngine,
  formatAddress,
  type Logger,
  parseDockerHost,
} from "@berth/provider-docker";
import { z } from "zod";
import { StartupError } from "./domain/startup-error.ts";

/** `current.json` of a built runtime. */
const Record = z.object({
  version: z.string().regex(/^[0-9a-f]+$/),
  entrypoint: z.array(z.string()).min(1),
  mountPath: z.string().startsWith("/"),
});

/** Reads which agent was built into a folder. Throws StartupError. */
export async function readAgentRuntime(directory: string): Promise<AgentRuntime> {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const folder = path.join(directory, arch);
  try {
    const record = Record.parse(JSON.parse(await readFile(path.join(folder, "current.json"), "utf8")));
    return {
      version: record.version,
      architecture: arch === "x64" ? "amd64" : arch,
      entrypoint: record.entrypoint,
      mountPath: record.mountPath,
      openTar: () => createReadStream(path.join(folder, record.version, "runtime.tar")),
    };
  } catch (cause) {
    throw new StartupError(
      `The agent for workspaces is not in ${folder}. Start Berth with \`npm start\`, which builds it, or name its folder in BERTH_AGENT_RUNTIME.`,
      { cause },
    );
  }
}

export type ProviderOptions = {
  dockerHost: string | undefined;
  runtimeDirectory: string | undefined;
  installationId: string;
  agentRuntime: AgentRuntime;
  log: Logger & { info(fields: object, message: string): void };
};

/** Without any engine the server starts all the same: it says so, and workspaces wait for one. */
async function chooseEngine({ dockerHost, runtimeDirectory, log }: ProviderOptions): Promise<EngineAddress> {
  const search = { ...(dockerHost ? { dockerHost } : {}), ...(runtimeDirectory ? { runtimeDirectory } : {}) };
  const found = await findEngine(search, AbortSignal.timeout(15_000));
  if ("engine" in found) {
    const { engine, version, platform } = found;
    log.info({ engine: formatAddress(engine), version, platform }, "found the container engine");
    return engine;
  }
  log.warn({ reasons: found.reasons }, "no container engine answers; workspaces wait for one");
  if (!dockerHost) return { socketPath: "/var/run/docker.sock" };
  const parsed = parseDockerHost(dockerHost);
  if ("refusal" in parsed) throw new StartupError(parsed.refusal);
  return parsed.address;
}

/** The engine that workspaces run on. */
export async function wireProvider(options: ProviderOptions): Promise<WorkspaceProvider> {
  const { installationId, agentRuntime, log } = options;
  const engine = await chooseEngine(options);
  return createDockerProvider({ engine, installationId, agentRuntime, clock: { now: () => Date.now() }, logger: log });
}
