import { z } from "zod";
import { Id, line, pageOf, pageQuery, Timestamp, text } from "./common.ts";
import { Failure } from "./problem.ts";
import { NewRegistry } from "./registries.ts";
import { route } from "./route.ts";

/** Sizes of a workspace. */
export const sizes = {
  cpu: z.number().min(0.1).max(128).describe("Cores; fractions allowed"),
  memoryGb: z.number().min(0.125).max(2048).describe("GiB"),
  diskGb: z.int().min(1).max(8192).describe("GiB of home; advisory on Docker"),
};

export const ImageTag = z
  .object({
    tag: z.string(),
    digest: z.string(),
    mediaType: z.string(),
    platforms: z.array(z.string()),
    sizeBytes: z.number().nullable(),
    pushedAt: Timestamp.nullable(),
    isDefault: z.boolean(),
    isDecommissioned: z.boolean(),
    digestChangedAt: Timestamp,
    lastCheckedAt: Timestamp,
    lastFailure: Failure.nullable().describe("Why the last look-up failed, if it did"),
    workspaceCount: z.int(),
  })
  .meta({ id: "ImageTag" });
export type ImageTag = z.output<typeof ImageTag>;

export const Image = z
  .object({
    id: Id,
    organizationId: Id,
    registry: z.object({ id: Id, name: z.string(), host: z.string() }),
    repository: z.string(),
    description: z.string(),
    sourceUrl: z.string().nullable(),
    ...sizes,
    isDeprecated: z.boolean(),
    defaultTag: z.string(),
    tags: z.array(ImageTag),
    workspaceCount: z.int(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "Image" });
export type Image = z.output<typeof Image>;

const details = {
  description: text(4000),
  sourceUrl: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .nullable(),
};
export const Tag = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, "Not a tag");
const RepositoryName = line(1000).min(1);
const imageParams = z.object({ imageId: Id });
const tagParams = z.object({ imageId: Id, tag: Tag });

export const imageRoutes = {
  listImages: route({
    method: "GET",
    path: "/images",
    summary: "List imported images",
    scope: "images:read",
    query: z.object({
      ...pageQuery,
      organizationId: Id.optional(),
      registryId: Id.optional(),
      repository: line(300).optional(),
      search: line(200).optional(),
    }),
    status: 200,
    response: pageOf(Image),
  }),
  importImage: route({
    method: "POST",
    path: "/images",
    summary: "Import a tag of a repository; the registry may be new, and then both are made or neither",
    scope: "images:write",
    body: z.object({
      organizationId: Id.optional(),
      registryId: Id.optional(),
      newRegistry: NewRegistry.optional().describe("Instead of `registryId`"),
      repository: RepositoryName,
      tag: Tag,
      description: details.description.default(""),
      sourceUrl: details.sourceUrl.default(null),
      cpu: sizes.cpu.default(4),
      memoryGb: sizes.memoryGb.default(4),
      diskGb: sizes.diskGb.default(10),
    }),
    status: 201,
    response: Image,
    problems: [
      "IMAGE_TAG_IMPORTED",
      "ECR_REPO_NOT_FOUND",
      "ECR_IMAGE_NOT_FOUND",
      "REFERENCE_MALFORMED",
      "IMAGE_NOT_RUNNABLE",
    ],
  }),
  getImage: route({
    method: "GET",
    path: "/images/{imageId}",
    summary: "Show an image with its tags and digests",
    scope: "images:read",
    params: imageParams,
    status: 200,
    response: Image,
  }),
  updateImage: route({
    method: "PATCH",
    path: "/images/{imageId}",
    summary: "Change an image's description, source, default sizes, default tag, or deprecate it",
    scope: "images:write",
    params: imageParams,
    body: z.object({
      description: details.description.optional(),
      sourceUrl: details.sourceUrl.optional(),
      cpu: sizes.cpu.optional(),
      memoryGb: sizes.memoryGb.optional(),
      diskGb: sizes.diskGb.optional(),
      isDeprecated: z.boolean().optional(),
      defaultTag: Tag.optional(),
    }),
    status: 200,
    response: Image,
    problems: ["IMAGE_TAG_NOT_FOUND"],
  }),
  deleteImage: route({
    method: "DELETE",
    path: "/images/{imageId}",
    summary: "Remove an image that no workspace uses",
    scope: "images:write",
    params: imageParams,
    status: 204,
    problems: ["IMAGE_IN_USE"],
  }),
  addImageTag: route({
    method: "POST",
    path: "/images/{imageId}/tags",
    summary: "Offer another tag of the image",
    scope: "images:write",
    params: imageParams,
    body: z.object({ tag: Tag, isDefault: z.boolean().default(false) }),
    status: 201,
    response: Image,
    problems: ["IMAGE_TAG_IMPORTED", "ECR_IMAGE_NOT_FOUND"],
  }),
  removeImageTag: route({
    method: "DELETE",
    path: "/images/{imageId}/tags/{tag}",
    summary: "Stop offering a tag that no workspace uses; never the default one",
    scope: "images:write",
    params: tagParams,
    status: 204,
    problems: ["IMAGE_TAG_IN_USE", "IMAGE_TAG_IS_DEFAULT"],
  }),
  refreshImage: route({
    method: "POST",
    path: "/images/{imageId}/refresh",
    summary: "Ask the registry for every tag's digest now",
    scope: "images:write",
    params: imageParams,
    status: 200,
    response: Image,
  }),
};
