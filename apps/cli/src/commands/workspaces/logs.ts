import type { Build, BuildLogEntry, Client, Workspace } from "@berth/api";
import { followBuild } from "../../build/follow.ts";
import { lastingLines, layerSummary } from "../../build/view.ts";
import { defineCommand, flag, number } from "../../command.ts";
import type { Context } from "../../context.ts";
import { CliError } from "../../errors/cli-error.ts";
import { formatProblem } from "../../errors/report.ts";
import { writeAll } from "../../io.ts";
import { everyItem } from "../../lookup/page.ts";
import { findWorkspace } from "../../lookup/workspace.ts";
import { workspaceArgument } from "./action.ts";

export const command = defineCommand({
  summary: "Read the log of a workspace's build",
  description: "With --output json every entry is one line of JSON, as the API streams it.",
  arguments: { workspace: workspaceArgument },
  options: {
    follow: flag("-f, --follow", "go on until the build has ended"),
    build: number("--build <n>", "number of the build (default: the latest)", { isWhole: true }),
  },
  examples: [
    { text: "Why did the last build of dev fail?", command: "berth ws logs dev" },
    { text: "Watch it", command: "berth ws logs dev --follow" },
    { text: "An earlier build", command: "berth ws logs dev --build 3" },
  ],
  async run(context, { arguments: { workspace: typed }, options }) {
    const { signal, io } = context;
    const client = await context.client();
    const workspace = await findWorkspace(client, typed, signal);
    const build = await findBuild(client, workspace, options.build, signal);
    const params = { workspaceId: workspace.id, buildId: build.id };
    const openLog = (after: number, follow: "true" | "false") =>
      client.streamBuildLog({ params, query: { follow, after }, signal });
    const entries = options.follow
      ? followBuild({ openLog: (after) => openLog(after, "true"), signal, now: () => io.now().getTime() })
      : openLog(0, "false");
    for await (const entry of entries) await print(context, entry);
  },
});

async function findBuild(
  client: Client,
  workspace: Workspace,
  number: number | undefined,
  signal: AbortSignal,
): Promise<Build> {
  if (workspace.latestBuild && (number === undefined || workspace.latestBuild.number === number)) {
    return workspace.latestBuild;
  }
  const params = { workspaceId: workspace.id };
  for await (const build of everyItem((query) => client.listBuilds({ params, query, signal }))) {
    if (number === undefined || build.number === number) return build;
  }
  throw new CliError("notFound", {
    code: "NOT_FOUND",
    title: "There is no such build",
    detail: `${workspace.name} has no ${number === undefined ? "build yet" : `build ${number}`}.`,
    fix: { text: "See what there is:", command: `berth ws builds ${workspace.name}` },
  });
}

async function print(context: Context, entry: BuildLogEntry): Promise<void> {
  if (context.output === "json") return context.showLine(entry);
  const style = context.style.out;
  const lines = entry.type === "layers" ? [style.dim(`    ${layerSummary(entry)}`)] : lastingLines(entry, style);
  if (lines.length > 0) await writeAll(context.io.stdout, lines.map((line) => `${line}\n`).join(""));
  if (entry.type !== "build") return;
  const { failure, kind, status } = entry.build;
  await writeAll(context.io.stdout, failure ? formatProblem(failure, style) : `${kind}: ${status}\n`);
}
