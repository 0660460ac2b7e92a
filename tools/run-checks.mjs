// `npm run check`: types, lint, boundaries. Runs on whatever Node npm provides; everything heavy is native.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (/** @type {string} */ name) => `${root}node_modules/.bin/${name}`;
/** @type {[string, string, string[]][]} */
const steps = [
  ["types", bin("tsc"), ["-p", "tsconfig.json"]],
  ["types (browser)", bin("tsc"), ["-p", "tsconfig.isomorphic.json"]],
  ["lint", bin("biome"), ["check", "--error-on-warnings", "."]],
  ["boundaries", bin("node"), ["tools/check-boundaries.ts"]],
];

let failed = false;
for (const [name, command, args] of steps) {
  const started = Date.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
