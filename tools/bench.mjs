// `npm run bench [row …]`: prints the table and writes it to bench/results/. By hand, on a quiet machine; never a test.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = ["x64", "arm64"]
  .map((arch) => `${root}node_modules/node-linux-${arch}/bin/node`)
  .find((file) => existsSync(file));
if (!node) {
  console.error("Install the dependencies first: npm ci");
  process.exit(1);
}
const { status } = spawnSync(node, [`${root}bench/main.ts`, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
