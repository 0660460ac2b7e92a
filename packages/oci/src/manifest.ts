import { z } from "zod";
import type { Digest } from "./digest.ts";
import { isDigest } from "./digest.ts";
import { RegistryError } from "./errors.ts";
import { isImageConfigMediaType, isImageMediaType, isIndexMediaType, mediaTypes } from "./media-type.ts";
import { normalizePlatform, type Platform } from "./platform.ts";

/** The largest manifest ECR stores, and the largest we read. */
export const maxManifestBytes = 4 * 1024 * 1024;

/** Points at content by digest. `sizeBytes` is what is transferred, so compressed for layers. */
export type Descriptor = { mediaType: string; digest: Digest; sizeBytes: number };

/** One platform's image inside an index. */
export type IndexEntry = Descriptor & { platform?: Platform };

/** The multi-platform manifest: OCI index or Docker manifest list. */
export type IndexManifest = { kind: "index"; mediaType: string; entries: IndexEntry[] };

/** The manifest of one image: a config and layers. */
export type ImageManifest = {
  kind: "image";
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  /** What a pull transfers: config and layers. */
  sizeBytes: number;
};

export type Manifest = IndexManifest | ImageManifest;

const descriptorSchema = z.object({
  mediaType: z.string().max(255),
  digest: z.string().refine(isDigest),
  size: z.int().nonnegative(),
});

const platformSchema = z.object({
  os: z.string().max(64),
  architecture: z.string().max(64),
  variant: z.string().max(64).optional(),
});

const indexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(descriptorSchema.extend({ platform: platformSchema.optional() })).max(10_000),
});

const imageSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(10_000),
});

/**
 * Reads a manifest of the media type the registry declared for it (when it declared one).
 * `name` is only for the sentence. Throws MANIFEST_INVALID for what is broken, MANIFEST_UNSUPPORTED for what is no image.
 */
export function parseManifest(text: string, mediaType: string | undefined, name?: string): Manifest {
  const facts = name === undefined ? {} : { image: name };
  if (text.length > maxManifestBytes)
    throw new RegistryError("MANIFEST_INVALID", { ...facts, problem: "is too large" });
  const json = parseJson(text, facts);
  const declared = declaredMediaType(json, mediaType);
  if (isIndexMediaType(declared)) return toIndex(check(indexSchema, json, facts), declared);
  if (!isImageMediaType(declared)) {
    throw new RegistryError("MANIFEST_UNSUPPORTED", { ...facts, problem: `media type ${declared.slice(0, 100)}` });
  }
  const image = toImage(check(imageSchema, json, facts), declared);
  if (!isImageConfigMediaType(image.config.mediaType)) {
    const problem = `its config is ${image.config.mediaType.slice(0, 100)}`;
    throw new RegistryError("MANIFEST_UNSUPPORTED", { ...facts, problem });
  }
  return image;
}

function parseJson(text: string, facts: { image?: string }): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RegistryError("MANIFEST_INVALID", { ...facts, problem: "is not JSON" });
  }
}

const shapeSchema = z.object({
  mediaType: z.string().optional(),
  manifests: z.unknown().optional(),
  schemaVersion: z.unknown().optional(),
});

/** The type in the document, else the one beside it, else what its shape says: OCI makes the field optional. */
function declaredMediaType(json: unknown, beside: string | undefined): string {
  const shape = shapeSchema.safeParse(json);
  if (!shape.success) return mediaTypes.ociManifest;
  if (shape.data.schemaVersion === 1) return "application/vnd.docker.distribution.manifest.v1+json";
  const header = beside?.split(";")[0]?.trim();
  if (shape.data.mediaType) return shape.data.mediaType;
  if (header && (isIndexMediaType(header) || isImageMediaType(header))) return header;
  return shape.data.manifests === undefined ? mediaTypes.ociManifest : mediaTypes.ociIndex;
}

function check<T>(schema: z.ZodType<T>, json: unknown, facts: { image?: string }): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join(".") ?? "";
  throw new RegistryError("MANIFEST_INVALID", {
    ...facts,
    problem: where === "" ? "is not a valid image manifest" : `is not valid at ${where.slice(0, 80)}`,
  });
}

function toIndex(index: z.infer<typeof indexSchema>, mediaType: string): IndexManifest {
  return {
    kind: "index",
    mediaType,
    entries: index.manifests.map(({ platform, ...descriptor }) => {
      // Build attestations stand in an index as unknown/unknown; they are nothing that could be run.
      const isKnown = platform !== undefined && platform.os !== "unknown" && platform.architecture !== "unknown";
      return { ...toDescriptor(descriptor), ...(isKnown && { platform: toPlatform(platform) }) };
    }),
  };
}

function toImage(image: z.infer<typeof imageSchema>, mediaType: string): ImageManifest {
  const config = toDescriptor(image.config);
  const layers = image.layers.map(toDescriptor);
  const sizeBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, config.sizeBytes);
  return { kind: "image", mediaType, config, layers, sizeBytes };
}

function toDescriptor({ mediaType, digest, size }: z.infer<typeof descriptorSchema>): Descriptor {
  return { mediaType, digest, sizeBytes: size };
}

function toPlatform({ os, architecture, variant }: z.infer<typeof platformSchema>): Platform {
  return normalizePlatform(variant === undefined ? { os, architecture } : { os, architecture, variant });
}
