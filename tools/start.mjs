// `npm start`: see tools/start/main.ts. This part runs on any Node with nothing installed, and says so to an old one.
import { platformRefusal, readPlatform } from "./lib/bootstrap/platform.mjs";

const refusal = platformRefusal(readPlatform());
if (refusal) {
  console.error(refusal);
  process.exitCode = 1;
} else {
  const { bootstrap } = await import("./lib/bootstrap/bootstrap.mjs");
  await bootstrap({ entry: "tools/start/main.ts", args: process.argv.slice(2) });
}
