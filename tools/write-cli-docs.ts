/** Writes docs/cli.md, the reference of the `berth` command, from the commands' own definitions. */
import { writeFile } from "node:fs/promises";
import { commands } from "../apps/cli/src/commands/index.ts";
import { cliPage } from "../apps/cli/src/docs/cli-page.ts";

await writeFile(new URL("../docs/cli.md", import.meta.url), await cliPage(commands));
