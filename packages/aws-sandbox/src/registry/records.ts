import { z } from "zod";
import { Table } from "../state/tables.ts";

const repositorySchema = z.object({
  registryId: z.string(),
  region: z.string(),
  name: z.string(),
  createdAt: z.number(),
  tagMutability: z.enum(["MUTABLE", "IMMUTABLE"]),
  scanOnPush: z.boolean(),
  encryptionType: z.enum(["AES256", "KMS"]),
  kmsKey: z.string().optional(),
  /** AWS resource tags, which policies can ask for; nothing to do with image tags. */
  resourceTags: z.record(z.string(), z.string()),
  policyText: z.string().optional(),
});

const imageSchema = z.object({
  mediaType: z.string(),
  artifactMediaType: z.string().optional(),
  /** Bytes of configuration and layers; of the largest child for an index. */
  sizeBytes: z.number(),
  pushedAt: z.number(),
  pulledAt: z.number().optional(),
  /** Digests of configuration and layers. */
  blobs: z.array(z.string()),
  /** Digests of the manifests that an index lists. */
  children: z.array(z.string()),
  subject: z.string().optional(),
});

export type RepositoryRecord = z.output<typeof repositorySchema>;
export type ImageRecord = z.output<typeof imageSchema>;

/** Repositories by `account/region` and name; images, tags and layers by repository ARN. */
export function registryTables() {
  return {
    repositories: new Table("repositories", repositorySchema),
    images: new Table("images", imageSchema),
    tags: new Table("tags", z.string()),
    layers: new Table("layers", z.object({ sizeBytes: z.number(), mediaType: z.string().optional() })),
  };
}

export type RegistryTables = ReturnType<typeof registryTables>;
