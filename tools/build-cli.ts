/**
 * Bundles the command line into apps/cli/dist: `berth --version` takes a third of the time it takes from source, and
 * `berth exec` half. Commands stay apart, so that one invocation loads what it needs.
 */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const cli = fileURLToPath(new URL("../apps/cli", import.meta.url));
const outdir = process.argv[2] ?? `${cli}/dist`;

await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: { berth: `${cli}/src/main.ts` },
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  outExtension: { ".js": ".mjs" },
  chunkNames: "chunks/[name]-[hash]",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "linked",
  // Packages in CommonJS call `require` for Node's own modules.
  banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
  logLevel: "warning",
});
