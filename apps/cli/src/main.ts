import { enableCompileCache } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The root of this package: one folder up, from the source and from the bundle alike. */
const packageRoot = fileURLToPath(new URL("..", import.meta.url));
const home = process.env.HOME || os.homedir();
const cache = process.env.XDG_CACHE_HOME || path.join(home, ".cache");
// Compiled code is kept: it halves the time to start. Must come before anything else is loaded.
if (path.isAbsolute(cache)) enableCompileCache(path.join(cache, "berth", "compiled"));

const { runProcess } = await import("./process.ts");
await runProcess({ process, packageRoot, home });
