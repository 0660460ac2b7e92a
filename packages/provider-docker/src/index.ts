export type { AgentRuntime, Clock, Logger } from "./context.ts";
export { createDockerProvider, type DockerProviderOptions } from "./docker-provider.ts";
export {
  type EngineAddress,
  formatAddress,
  type ParsedAddress,
  parseDockerHost,
  type TlsMaterial,
} from "./engine-address.ts";
export { type EngineSearch, type FoundEngine, findEngine } from "./find-engine.ts";
