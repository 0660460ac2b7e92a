import type { Build, Workspace } from "@berth/api";
import type { Context } from "../../context.ts";
import { formatAge, formatDuration, formatSizes, shortDigest } from "../../output/format.ts";
import type { Style } from "../../output/style.ts";
import { type Column, card } from "../../output/table.ts";
import { visible } from "../../output/visible.ts";

function paintStatus(status: string, style: Style): (text: string) => string {
  if (status === "running" || status === "succeeded") return style.green;
  if (status === "failed") return style.red;
  if (status === "stopped" || status === "canceled") return style.dim;
  return style.yellow;
}

/** The columns of `ws ls`. */
export function workspaceColumns({ io, style }: Context, withOwner: boolean): Column<Workspace>[] {
  const now = io.now();
  return [
    { header: "NAME", value: ({ name, owner }) => (withOwner ? `${owner.username}/${name}` : name) },
    {
      header: "STATUS",
      value: ({ status }) => status,
      paint: (cell, { status }) => paintStatus(status, style.out)(cell),
    },
    { header: "IMAGE", value: ({ image }) => `${image.repository}:${image.tag}` },
    { header: "CPU", value: ({ cpu }) => String(cpu), align: "right" },
    { header: "MEMORY", value: ({ memoryGb }) => `${memoryGb} GiB`, align: "right" },
    { header: "STARTED", value: ({ lastStartedAt }) => (lastStartedAt ? formatAge(lastStartedAt, now) : "never") },
  ];
}

/** The columns of `ws builds`. */
export function buildColumns({ io, style }: Context): Column<Build>[] {
  const now = io.now();
  return [
    { header: "BUILD", value: ({ number }) => String(number), align: "right" },
    { header: "KIND", value: ({ kind }) => kind },
    {
      header: "STATUS",
      value: ({ status }) => status,
      paint: (cell, { status }) => paintStatus(status, style.out)(cell),
    },
    { header: "TAG", value: ({ imageTag }) => imageTag },
    { header: "DIGEST", value: ({ digest }) => shortDigest(digest) },
    { header: "TOOK", value: durationOf, align: "right" },
    { header: "WHEN", value: ({ createdAt }) => formatAge(createdAt, now) },
    { header: "BY", value: ({ initiator }) => initiator ?? "berth" },
    { header: "FAILURE", value: ({ failure }) => failure?.code ?? "" },
  ];
}

function durationOf({ startedAt, finishedAt }: Build): string {
  if (!startedAt || !finishedAt) return "";
  return formatDuration(new Date(finishedAt).getTime() - new Date(startedAt).getTime());
}

/** One workspace, for people. */
export function workspaceCard(workspace: Workspace, { io, style }: Context): string {
  const now = io.now();
  const { agent, failure, latestBuild } = workspace;
  const facts = card([
    ["Name", `${visible(workspace.owner.username)}/${visible(workspace.name)}`],
    ["Status", paintStatus(workspace.status, style.out)(workspace.status)],
    ["Failure", failure ? `${visible(failure.detail)} (${visible(failure.code)})` : undefined],
    ["Fix", failure?.fix ? visible([failure.fix.text, failure.fix.command].filter(Boolean).join(" ")) : undefined],
    ["Image", visible(workspace.image.reference)],
    ["Digest", workspace.digest ? visible(workspace.digest) : undefined],
    ["Sizes", formatSizes(workspace)],
    ["Agent", agent.connected ? `connected, version ${visible(agent.version ?? "unknown")}` : "not connected"],
    ["Latest build", latestBuild ? `${latestBuild.number}: ${latestBuild.kind}, ${latestBuild.status}` : undefined],
    ["Created", formatAge(workspace.createdAt, now)],
    ["Started", workspace.lastStartedAt ? formatAge(workspace.lastStartedAt, now) : "never"],
    ["Id", workspace.id],
  ]);
  return facts;
}
