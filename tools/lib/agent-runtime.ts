import path from "node:path";
import { buildAgentRuntime } from "@berth/agent/runtime";

export type AgentRuntimeOptions = {
  /** The repository's root. */
  root: string;
  /** A last way to a static busybox, e.g. out of an image. */
  findBusybox?: () => Promise<string | undefined>;
  report: (words: string) => void;
  signal: AbortSignal;
};

/** Builds what is put into workspaces, unless the last build still fits; answers its folder, for BERTH_AGENT_RUNTIME. */
export async function ensureAgentRuntime({ root, findBusybox, report, signal }: AgentRuntimeOptions): Promise<string> {
  const outDir = path.join(root, "dist", "agent");
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  await buildAgentRuntime({
    outDir,
    arch,
    nodePackageDir: path.join(root, "node_modules", `node-linux-${arch}`),
    signal,
    onProgress: report,
    ...(findBusybox && { findBusybox }),
  });
  return outDir;
}
