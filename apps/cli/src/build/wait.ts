import type { Build, Client, Workspace } from "@berth/api";
import type { Context } from "../context.ts";
import { CliError, exitCodes, Interrupted } from "../errors/cli-error.ts";
import { reportOf } from "../errors/report.ts";
import { visible } from "../output/visible.ts";
import { followBuild } from "./follow.ts";
import { progressFor } from "./progress.ts";

const isOver = ({ status }: Build): boolean => status !== "pending" && status !== "running";

/**
 * Shows a workspace's latest build until it has ended, and gives the build; undefined when there is none under way.
 * Throws the build's failure.
 */
export async function waitForBuild(context: Context, client: Client, workspace: Workspace): Promise<Build | undefined> {
  const build = workspace.latestBuild;
  if (!build || isOver(build)) return undefined;
  const progress = progressFor(context);
  const { signal, io } = context;
  const params = { workspaceId: workspace.id, buildId: build.id };
  try {
    const entries = followBuild({
      openLog: (after) => client.streamBuildLog({ params, query: { follow: "true", after }, signal }),
      signal,
      now: () => io.now().getTime(),
    });
    for await (const entry of entries) {
      progress.add(entry);
      if (entry.type === "build") return requireSuccess(entry.build, workspace.name);
    }
    return undefined;
  } catch (error) {
    if (error instanceof Interrupted) {
      progress.end();
      await context.note(
        `Stopped waiting; the build goes on. See it with \`berth ws logs ${visible(workspace.name)} --follow\`, end it with \`berth ws cancel ${visible(workspace.name)}\`.\n`,
      );
    }
    throw error;
  } finally {
    progress.end();
  }
}

/** Waits until a workspace is gone. */
export async function waitUntilGone(context: Context, client: Client, workspace: Workspace): Promise<void> {
  try {
    await waitForBuild(context, client, workspace);
    // The build ends just before the row goes; ask until it has gone.
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      await client.getWorkspace({ params: { workspaceId: workspace.id }, signal: context.signal });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      context.signal.throwIfAborted();
    }
  } catch (error) {
    if (reportOf(error).exitCode !== exitCodes.notFound) throw error;
  }
}

function requireSuccess(build: Build, name: string): Build {
  if (build.status === "succeeded") return build;
  if (build.status === "canceled") {
    throw new CliError("conflict", {
      code: "BUILD_CANCELED",
      title: "The build was canceled",
      detail: `The build of ${name} was canceled.`,
      fix: { text: "Start the workspace again when you like:", command: `berth ws start ${name} --wait` },
    });
  }
  const { failure } = build;
  throw new CliError(
    "unavailable",
    failure
      ? { ...failure, ...(failure.fix ? { fix: failure.fix } : {}) }
      : { code: "BUILD_FAILED", title: "The build failed", detail: `The build of ${name} failed.` },
  );
}
