// `npm test`: see tools/test/main.ts. This part runs on any Node ≥ 20 with nothing installed.
import { bootstrap } from "./lib/bootstrap/bootstrap.mjs";

await bootstrap({ entry: "tools/test/main.ts", args: process.argv.slice(2) });
