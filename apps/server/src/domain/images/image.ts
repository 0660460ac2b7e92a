import type { Failure, Image, ImageTag } from "@berth/api";

export type ImageTagRecord = {
  tag: string;
  digest: string;
  mediaType: string;
  platforms: string[];
  sizeBytes: number | null;
  pushedAt: Date | null;
  isDecommissioned: boolean;
  digestChangedAt: Date;
  lastCheckedAt: Date;
  lastFailure: Failure | null;
  workspaceCount: number;
};

/** What an organization imported: one repository of one registry, its offered tags, its settings. */
export type ImageRecord = {
  id: string;
  organizationId: string;
  registry: { id: string; name: string; host: string };
  repository: string;
  description: string;
  sourceUrl: string | null;
  cpu: number;
  memoryGb: number;
  diskGb: number;
  isDeprecated: boolean;
  defaultTag: string;
  tags: ImageTagRecord[];
  workspaceCount: number;
  createdAt: Date;
  updatedAt: Date;
};

/** Names every field on purpose: a column added to the record must not reach clients by accident. */
export function imageView(image: ImageRecord): Image {
  return {
    id: image.id,
    organizationId: image.organizationId,
    registry: { id: image.registry.id, name: image.registry.name, host: image.registry.host },
    repository: image.repository,
    description: image.description,
    sourceUrl: image.sourceUrl,
    cpu: image.cpu,
    memoryGb: image.memoryGb,
    diskGb: image.diskGb,
    isDeprecated: image.isDeprecated,
    defaultTag: image.defaultTag,
    tags: inOrder(image).map((tag) => tagView(tag, image.defaultTag)),
    workspaceCount: image.workspaceCount,
    createdAt: image.createdAt.toISOString(),
    updatedAt: image.updatedAt.toISOString(),
  };
}

/** The default tag first, then the newest. */
function inOrder({ tags, defaultTag }: ImageRecord): ImageTagRecord[] {
  const rank = (tag: ImageTagRecord) => (tag.tag === defaultTag ? 0 : 1);
  const pushed = (tag: ImageTagRecord) => tag.pushedAt?.getTime() ?? 0;
  return tags.toSorted((a, b) => rank(a) - rank(b) || pushed(b) - pushed(a) || (a.tag < b.tag ? -1 : 1));
}

function tagView(tag: ImageTagRecord, defaultTag: string): ImageTag {
  return {
    tag: tag.tag,
    digest: tag.digest,
    mediaType: tag.mediaType,
    platforms: [...tag.platforms],
    sizeBytes: tag.sizeBytes,
    pushedAt: tag.pushedAt?.toISOString() ?? null,
    isDefault: tag.tag === defaultTag,
    isDecommissioned: tag.isDecommissioned,
    digestChangedAt: tag.digestChangedAt.toISOString(),
    lastCheckedAt: tag.lastCheckedAt.toISOString(),
    lastFailure: tag.lastFailure,
    workspaceCount: tag.workspaceCount,
  };
}
