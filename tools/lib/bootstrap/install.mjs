import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { installReason, npmFailure } from "./packages.mjs";

/** The Node that npm installs for this machine, whichever one runs now. @param {string} root */
export function bundledNode(root) {
  return path.join(root, "node_modules", `node-linux-${process.arch}`, "bin", "node");
}

/** @param {string} root */
export function needsInstall(root) {
  const read = (/** @type {string} */ file) => JSON.parse(readFileSync(path.join(root, file), "utf8"));
  const hidden = "node_modules/.package-lock.json";
  const installed = existsSync(path.join(root, hidden)) ? read(hidden) : undefined;
  return installReason(read("package-lock.json"), installed) !== undefined || !existsSync(bundledNode(root));
}

/**
 * Runs `npm ci`. Its words go to a log; what is thrown is the one sentence that helps.
 * @param {string} root
 * @returns {Promise<void>}
 */
export async function installPackages(root) {
  const logFile = path.join(root, ".cache", "npm-ci.log");
  const args = ["ci", "--include=dev", "--include=optional", "--no-progress", "--loglevel=error"];
  const { status, output } = await run(root, ...npmCommand(args));
  mkdirSync(path.dirname(logFile), { recursive: true });
  writeFileSync(logFile, output);
  if (status !== 0) throw new Error(npmFailure(output, logFile));
  if (!existsSync(bundledNode(root)))
    throw new Error(
      `npm left out ${path.relative(root, bundledNode(root))}: remove omit=optional from your npm settings.`,
    );
}

/**
 * The npm that started this, or the one on the PATH.
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
function npmCommand(args) {
  const own = process.env.npm_execpath;
  return own?.endsWith("npm-cli.js") ? [process.execPath, [own, ...args]] : ["npm", args];
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function run(cwd, command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", (error) => resolve({ status: null, output: `${output}${error.message}` }));
    child.on("close", (status) => resolve({ status, output }));
  });
}
