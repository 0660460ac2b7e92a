import { type Digest, type Manifest, RegistryError } from "@berth/oci";
import type { FetchedManifest, PlatformImage, ResolvedImage } from "./ecr-catalog.ts";

type Fetched = ReadonlyMap<string, FetchedManifest | RegistryError>;

/** The digests of the platform images inside an index; those without a platform are attestations and the like. */
export function childDigests(manifest: Manifest): Digest[] {
  if (manifest.kind === "image") return [];
  return manifest.entries.filter(({ platform }) => platform !== undefined).map(({ digest }) => digest);
}

/**
 * Puts an image together from its manifest and those of its platforms. A platform whose manifest is gone is left out,
 * since it cannot be pulled; throws what kept the last one away when none is left.
 */
export function assembleImage(top: FetchedManifest, children: Fetched): ResolvedImage {
  const { digest, mediaType, manifest } = top;
  if (manifest.kind === "image") {
    const { sizeBytes, config } = manifest;
    return { digest, mediaType, sizeBytes, images: [{ digest, sizeBytes, configDigest: config.digest }] };
  }
  const images: PlatformImage[] = [];
  let missing: RegistryError | undefined;
  for (const entry of manifest.entries) {
    const child = entry.platform === undefined ? undefined : children.get(entry.digest);
    if (child instanceof RegistryError) missing = child;
    else if (child?.manifest.kind === "image" && entry.platform !== undefined) {
      const { sizeBytes, config } = child.manifest;
      images.push({ platform: entry.platform, digest: entry.digest, sizeBytes, configDigest: config.digest });
    }
  }
  if (images.length === 0)
    throw missing ?? new RegistryError("MANIFEST_UNSUPPORTED", { problem: "an index of no image" });
  return { digest, mediaType, sizeBytes: Math.max(...images.map(({ sizeBytes }) => sizeBytes)), images };
}
