import type { CheckStep, Registry, RegistryCheck } from "@berth/api";
import type { Context } from "../../context.ts";
import { formatAge, formatDuration } from "../../output/format.ts";
import { type Column, card } from "../../output/table.ts";
import { visible } from "../../output/visible.ts";

const lastCheck = ({ lastCheck: check }: Registry, now: Date): string => {
  if (!check) return "never checked";
  return `${check.ok ? "ok" : (check.code ?? "failed")}, ${formatAge(check.at, now)}`;
};

/** The columns of `registries ls`. */
export function registryColumns(now: Date): Column<Registry>[] {
  return [
    { header: "NAME", value: ({ name }) => name },
    { header: "KIND", value: ({ kind }) => kind },
    { header: "REGISTRY", value: ({ registry }) => registry },
    { header: "ACCESS KEY", value: ({ credentials }) => credentials?.accessKeyId ?? "" },
    { header: "IMAGES", value: ({ imageCount }) => String(imageCount), align: "right" },
    { header: "LAST CHECK", value: (registry) => lastCheck(registry, now) },
  ];
}

/** One registry, for people. */
export function registryCard(registry: Registry, now: Date): string {
  const { ecr, credentials } = registry;
  const setBy = credentials?.setBy ? ` by ${visible(credentials.setBy)}` : "";
  return card([
    ["Name", visible(registry.name)],
    ["Kind", registry.kind],
    ["Registry", visible(registry.registry)],
    [
      "AWS",
      ecr
        ? `account ${visible(ecr.accountId)}, ${visible(ecr.region)}, partition ${visible(ecr.partition)}`
        : undefined,
    ],
    [
      "Access key",
      credentials ? `${visible(credentials.accessKeyId)}, set ${formatAge(credentials.setAt, now)}${setBy}` : "none",
    ],
    ["Images", String(registry.imageCount)],
    ["Last check", visible(lastCheck(registry, now))],
    ["Created", formatAge(registry.createdAt, now)],
    ["Id", registry.id],
  ]);
}

const marks = { ok: "✓", warning: "!", failed: "✗", skipped: "-" } as const;

/** A check, step by step: what was seen, what failed and how to put it right. */
export function checkText(check: RegistryCheck, { style: { out } }: Pick<Context, "style">): string {
  const paint = { ok: out.green, warning: out.yellow, failed: out.red, skipped: out.dim };
  const lines = check.steps.flatMap((step) => {
    const head = `${paint[step.status](marks[step.status])} ${visible(step.title)}`;
    const time = step.status === "skipped" ? "skipped" : formatDuration(step.durationMs);
    return [`${head} ${out.dim(`(${time})`)}`, ...detailLines(step)];
  });
  return [...lines, "", visible(check.summary), ""].join("\n");
}

function detailLines({ detail, failure }: CheckStep): string[] {
  if (!failure) return detail ? [`    ${visible(detail)}`] : [];
  return [
    `    ${visible(failure.detail)} (${visible(failure.code)})`,
    ...(failure.fix ? [`    Fix: ${visible(failure.fix.text)}`] : []),
    ...(failure.fix?.command ? [`      ${visible(failure.fix.command)}`] : []),
  ];
}
