/**
 * `npm start`: brings up a container engine where none answers, the sandbox AWS with its sample images, and the server
 * with its embedded database; prints where they are; stops all it started on Ctrl-C.
 */
import os from "node:os";
import { fileURLToPath } from "node:url";
import { createSteps } from "../lib/bootstrap/steps.mjs";
import { readSettings } from "./settings.ts";
import { stopOnSignals } from "./signals.ts";
import { start } from "./start.ts";

const steps = createSteps(process.stderr, { quietBelowMs: 500 });
const signal = stopOnSignals(steps);
try {
  await start({
    root: fileURLToPath(new URL("../..", import.meta.url)),
    settings: readSettings(process.env, os.homedir()),
    env: process.env,
    steps,
    print: (text) => process.stdout.write(text),
    signal,
  });
} catch (error) {
  steps.close();
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
// What a forced end of a child left open must not hold this process.
process.exit();
