export { type AgentRuntime, buildAgentRuntime, type RuntimeOptions } from "./build.ts";
export { isStaticProgram } from "./busybox.ts";
export { AGENT_ENTRYPOINT, MOUNT_PATH } from "./contents.ts";
export type { ElfArch } from "./elf.ts";
export { RuntimeError, type RuntimeErrorCode } from "./runtime-error.ts";
