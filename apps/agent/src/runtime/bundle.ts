import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Entry of the agent's program. */
export const agentEntry = fileURLToPath(new URL("../main.ts", import.meta.url));

export type Bundle = { code: Buffer /** Every file that went into it. */; inputs: string[] };

/** Bundles the agent into one module. Its version is the given one and a hash of its code. */
export async function bundleAgent(version: string): Promise<Bundle> {
  const placeholder = "@@AGENT_VERSION@@";
  const result = await build({
    entryPoints: [agentEntry],
    bundle: true,
    write: false,
    metafile: true,
    absWorkingDir: "/",
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    legalComments: "none",
    logLevel: "silent",
    define: { BERTH_AGENT_VERSION: JSON.stringify(placeholder) },
    // `ws` is CommonJS and asks for Node's modules with `require`, which an ES module does not have.
    banner: {
      js: 'import{createRequire as berthCreateRequire}from"node:module";const require=berthCreateRequire(import.meta.url);',
    },
    // Optional native helpers of `ws`, not installed.
    external: ["bufferutil", "utf-8-validate"],
  });
  const code = result.outputFiles[0]?.text ?? "";
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 12);
  return {
    code: Buffer.from(code.replaceAll(placeholder, `${version}+${hash}`)),
    inputs: Object.keys(result.metafile.inputs).map((file) => `/${file}`),
  };
}
