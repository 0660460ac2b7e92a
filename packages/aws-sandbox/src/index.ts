export type { LoggedDecision } from "./call.ts";
export type { VirtualClock } from "./clock.ts";
export type { LogEntry } from "./control/call-log.ts";
export type { Fault, Faults } from "./control/faults.ts";
export type { RepositorySeed, Seed, SeedResult, UserSeed } from "./control/seed.ts";
export { resetSandbox, SandboxError } from "./data-directory.ts";
export { registryHost } from "./http/endpoint.ts";
export type { AccessKey } from "./iam/identity-store.ts";
export { type Sandbox, type SandboxOptions, startSandbox } from "./sandbox.ts";
