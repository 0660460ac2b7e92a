import type { Readable } from "node:stream";
import type { EngineClient } from "./engine-client.ts";

export type Clock = { now(): number };

/** Gets the engine's own words, which people never see. Same shape as pino's. */
export type Logger = { warn(fields: object, message: string): void };

export type AgentRuntime = {
  /** Differs whenever the content does. */
  version: string;
  /** The engine's word for it, e.g. `amd64`. */
  architecture: string;
  entrypoint: string[];
  /** Where the runtime appears inside a workspace; fixed when it was built. */
  mountPath: string;
  /** The runtime's files as a tar, gzipped or not, with paths relative to `mountPath`. */
  openTar(): Readable;
};

/** What every part of this provider works with. */
export type Setting = {
  engine: EngineClient;
  installationId: string;
  agentRuntime: AgentRuntime;
  clock: Clock;
  logger: Logger | undefined;
};
