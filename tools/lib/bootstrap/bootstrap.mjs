import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { diskRefusal, freeBytes } from "./disk.mjs";
import { bundledNode, installPackages, needsInstall } from "./install.mjs";
import { platformRefusal, readPlatform } from "./platform.mjs";
import { createSteps } from "./steps.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const gibibyte = 1024 ** 3;

/**
 * Takes any Node ≥ 20 and an empty clone to a TypeScript program under the Node this project runs on, and ends with
 * that program's exit code. What stands in the way is told in one sentence.
 * @param {{ entry: string, args: string[] }} program
 */
export async function bootstrap({ entry, args }) {
  const steps = createSteps(process.stderr);
  try {
    await prepare(steps);
  } catch (error) {
    steps.close();
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
    return;
  }
  process.exitCode = await hand(entry, args);
}

/** @param {import("./steps.mjs").Steps} steps */
async function prepare(steps) {
  const refusal = platformRefusal(readPlatform());
  if (refusal) throw new Error(refusal);
  const isInstalling = needsInstall(root);
  const full = diskRefusal({ folder: root, free: freeBytes(root), needed: (isInstalling ? 2 : 0.25) * gibibyte });
  if (full) throw new Error(full);
  if (isInstalling) await steps.run("Installing packages", () => installPackages(root));
}

/**
 * Runs the program. Signals reach it too, and it alone decides when to end; should this process be killed, the closed
 * channel tells it.
 * @param {string} entry
 * @param {string[]} args
 * @returns {Promise<number>}
 */
function hand(entry, args) {
  const bin = path.join(root, "node_modules", ".bin");
  const child = spawn(bundledNode(root), [path.join(root, entry), ...args], {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}` },
  });
  // A terminal sends Ctrl-C to both processes, so the program may hear of it twice; it counts what comes together as one.
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => child.kill(signal));
  }
  if (process.env.npm_lifecycle_event) followParent(() => child.kill("SIGTERM"));
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`Node cannot be started (${error.message}): remove node_modules and start again.`);
      resolve(1);
    });
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

/**
 * A shell that npm put in between may be ended by a signal without handing it on; then this process has another parent.
 * @param {() => void} onGone
 */
function followParent(onGone) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, 500);
  timer.unref();
}
