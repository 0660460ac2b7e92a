/** Builds what runs inside workspaces into `dist/agent/`, and prints where it is; takes milliseconds when nothing changed. */
import { fileURLToPath } from "node:url";
import { buildAgentRuntime, RuntimeError } from "../apps/agent/src/runtime/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const arch = process.arch === "arm64" ? "arm64" : "x64";

try {
  const runtime = await buildAgentRuntime({
    outDir: `${root}dist/agent`,
    arch,
    nodePackageDir: `${root}node_modules/node-linux-${arch}`,
    onProgress: (step) => console.error(step),
  });
  console.log(JSON.stringify(runtime));
} catch (error) {
  if (!(error instanceof RuntimeError)) throw error;
  console.error(`${error.message} ${error.fix}`);
  process.exitCode = 1;
}
