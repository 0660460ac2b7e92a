import type { Image, ImageTag } from "@berth/api";
import { count, formatAge, formatBytes, formatSizes, shortDigest } from "../../output/format.ts";
import { type Column, card, table } from "../../output/table.ts";
import { visible, visibleText } from "../../output/visible.ts";

/** The columns of `images ls`. */
export function imageColumns(now: Date): Column<Image>[] {
  return [
    { header: "REPOSITORY", value: ({ repository }) => repository },
    { header: "REGISTRY", value: ({ registry }) => registry.name },
    { header: "DEFAULT TAG", value: ({ defaultTag }) => defaultTag },
    { header: "TAGS", value: ({ tags }) => String(tags.length), align: "right" },
    { header: "WORKSPACES", value: ({ workspaceCount }) => String(workspaceCount), align: "right" },
    { header: "STATE", value: ({ isDeprecated }) => (isDeprecated ? "deprecated" : "offered") },
    { header: "UPDATED", value: ({ updatedAt }) => formatAge(updatedAt, now) },
  ];
}

function stateOf(tag: ImageTag): string {
  const words = [
    tag.isDefault ? "default" : "",
    tag.isDecommissioned ? "decommissioned" : "",
    tag.lastFailure?.code ?? "",
  ];
  return words.filter(Boolean).join(", ");
}

function tagColumns(now: Date): Column<ImageTag>[] {
  return [
    { header: "TAG", value: ({ tag }) => tag },
    { header: "DIGEST", value: ({ digest }) => shortDigest(digest) },
    { header: "PLATFORMS", value: ({ platforms }) => platforms.join(" ") },
    { header: "SIZE", value: ({ sizeBytes }) => formatBytes(sizeBytes), align: "right" },
    { header: "PUSHED", value: ({ pushedAt }) => formatAge(pushedAt, now) },
    { header: "CHECKED", value: ({ lastCheckedAt }) => formatAge(lastCheckedAt, now) },
    { header: "STATE", value: stateOf },
  ];
}

/** One image with its tags, for people. */
export function imageCard(image: Image, now: Date): string {
  const facts = card([
    ["Image", visible(`${image.registry.host}/${image.repository}`)],
    ["Registry", visible(image.registry.name)],
    ["Description", visibleText(image.description)],
    ["Source", image.sourceUrl ? visible(image.sourceUrl) : undefined],
    ["New workspaces", formatSizes(image)],
    ["State", image.isDeprecated ? "deprecated: no new workspaces" : "offered"],
    ["Used by", count(image.workspaceCount, "workspace")],
    ["Imported", formatAge(image.createdAt, now)],
    ["Id", image.id],
  ]);
  return `${facts}\n${table(image.tags, tagColumns(now))}`;
}
