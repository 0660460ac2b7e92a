import { z } from "zod";
import { AwsError } from "../aws-error.ts";

export const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
export const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
export const ociManifest = "application/vnd.oci.image.manifest.v1+json";
export const ociIndex = "application/vnd.oci.image.index.v1+json";

export const manifestMediaTypes: readonly string[] = [dockerManifest, dockerList, ociManifest, ociIndex];
export const maxManifestBytes = 4 * 1024 * 1024;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.object({ mediaType: z.string(), digest, size: z.number().int().nonnegative() });
const base = { schemaVersion: z.literal(2), mediaType: z.string().optional(), subject: descriptor.optional() };
const imageManifest = z.object({
  ...base,
  config: descriptor,
  layers: z.array(descriptor),
  artifactType: z.string().optional(),
});
const imageIndex = z.object({ ...base, manifests: z.array(descriptor), artifactType: z.string().optional() });

export type Descriptor = z.output<typeof descriptor>;

/** What the store needs to know of a manifest. */
export type ParsedManifest = {
  mediaType: string;
  artifactMediaType: string | undefined;
  blobs: Descriptor[];
  children: Descriptor[];
  subject: string | undefined;
};

function invalid(reason: string): AwsError {
  const message = `Invalid parameter at 'ImageManifest' failed to satisfy constraint: '${reason}'`;
  return new AwsError("InvalidParameterException", message);
}

/** Layers that a registry never holds, by their media type. */
function isForeign({ mediaType }: Descriptor): boolean {
  return mediaType.includes(".foreign.") || mediaType.includes(".nondistributable.");
}

/** Reads a manifest or an index; throws `InvalidParameterException` when it is neither, or not what it is said to be. */
export function parseManifest(data: Buffer, declaredType: string | undefined): ParsedManifest {
  if (data.length === 0 || data.length > maxManifestBytes)
    throw invalid("Member must have length between 1 and 4194304");
  let json: unknown;
  try {
    json = JSON.parse(data.toString("utf8"));
  } catch {
    throw invalid("Invalid JSON syntax");
  }
  const own = z.object({ mediaType: z.string().optional() }).safeParse(json).data?.mediaType;
  const mediaType = declaredType ?? own ?? "";
  if (!manifestMediaTypes.includes(mediaType)) throw invalid("Unsupported or missing manifest media type");
  if (own !== undefined && own !== mediaType) throw invalid("Manifest media type does not match the declared one");
  if (mediaType === dockerList || mediaType === ociIndex) {
    const index = imageIndex.safeParse(json);
    if (!index.success) throw invalid("Invalid image index");
    const { manifests: children, subject, artifactType } = index.data;
    return { mediaType, artifactMediaType: artifactType, blobs: [], children, subject: subject?.digest };
  }
  const manifest = imageManifest.safeParse(json);
  if (!manifest.success) throw invalid("Invalid image manifest");
  const { config, layers, subject, artifactType } = manifest.data;
  return {
    mediaType,
    artifactMediaType: artifactType ?? config.mediaType,
    blobs: [config, ...layers.filter((layer) => !isForeign(layer))],
    children: [],
    subject: subject?.digest,
  };
}
