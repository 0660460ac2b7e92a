/** Run as a process of its own: starts a workspace and kills itself a moment after a step begins. */
import { createDockerProvider } from "../docker-provider.ts";
import { testRuntime } from "./test-runtime.ts";

const { engine, installationId, spec, step, afterMs } = JSON.parse(process.env.PLAN ?? "{}");
const provider = createDockerProvider({ engine, installationId, agentRuntime: testRuntime(), clock: Date });
await provider.apply(spec, {
  signal: new AbortController().signal,
  report: (event) => {
    if (event.type !== "step-started" || event.step !== step) return;
    setTimeout(() => process.kill(process.pid, "SIGKILL"), afterMs);
  },
  pullCredential: async () => undefined,
});
