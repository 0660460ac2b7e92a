import { sha256Digest } from "../registry/blob-store.ts";
import { dockerList, dockerManifest, ociIndex, ociManifest } from "../registry/manifest.ts";
import { type LayerFile, tarLayer } from "./tar-layer.ts";

export type Platform = { os: string; architecture: string; variant?: string };

/** A synthetic image. Without layers it gets one small file; without platforms it is a single linux/amd64 manifest. */
export type ImageSpec = {
  /** Layers as files by path. */
  layers?: readonly Readonly<Record<string, LayerFile>>[];
  /** The `config` member of the image configuration: Env, User, WorkingDir, Labels, Entrypoint … */
  config?: Record<string, unknown>;
  created?: string;
  /** One platform of a plain manifest. */
  platform?: Platform;
  /** Several: an index is pushed. */
  platforms?: readonly Platform[];
  /** `oci` by default. */
  format?: "oci" | "docker";
};

export type PushedImage = {
  /** Digest of what the tag points at. */
  digest: string;
  mediaType: string;
  /** Digests of the manifests, one a platform. */
  manifests: string[];
  /** Digests of the configurations, one a platform. */
  configs: string[];
};

type Blob = { digest: string; data: Buffer };
type Built = { manifest: Buffer; mediaType: string; digest: string; blobs: Blob[]; config: string; platform: Platform };

const types = {
  oci: {
    manifest: ociManifest,
    index: ociIndex,
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
  docker: {
    manifest: dockerManifest,
    index: dockerList,
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
} as const;

function blob(data: Buffer): Blob {
  return { digest: sha256Digest(data), data };
}

/** Builds one manifest with its configuration and layers; pure. */
export function buildManifest(spec: ImageSpec, platform: Platform): Built {
  const type = types[spec.format ?? "oci"];
  const layers = (spec.layers ?? [{ "etc/motd": "A synthetic image.\n" }]).map((files) => tarLayer(files));
  const layerBlobs = layers.map(({ gzip }) => blob(gzip));
  const config = blob(
    Buffer.from(
      JSON.stringify({
        created: spec.created ?? "2026-01-01T00:00:00Z",
        ...platform,
        config: spec.config ?? {
          Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
          Cmd: ["sh"],
        },
        rootfs: { type: "layers", diff_ids: layers.map(({ tar }) => sha256Digest(tar)) },
        history: layers.map(() => ({ created: "2026-01-01T00:00:00Z", created_by: "synthetic" })),
      }),
    ),
  );
  const describe = ({ digest, data }: Blob, mediaType: string) => ({ mediaType, digest, size: data.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type.manifest,
      config: describe(config, type.config),
      layers: layerBlobs.map((layer) => describe(layer, type.layer)),
    }),
  );
  const blobs = [config, ...layerBlobs];
  return { manifest, mediaType: type.manifest, digest: sha256Digest(manifest), blobs, config: config.digest, platform };
}

function buildIndex(spec: ImageSpec, manifests: readonly Built[]): { data: Buffer; mediaType: string } {
  const mediaType = types[spec.format ?? "oci"].index;
  const entries = manifests.map(({ manifest, mediaType: type, digest, platform }) => ({
    mediaType: type,
    digest,
    size: manifest.length,
    platform,
  }));
  return { data: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: entries })), mediaType };
}

/** A client of the push side of `/v2`, for one repository; remembers the blobs it has sent. */
export class ImagePusher {
  readonly #base: string;
  readonly #authorization: string;
  readonly #sent = new Map<string, Promise<void>>();

  constructor(url: string, repository: string, authorization: string) {
    this.#base = `${url}/v2/${repository}`;
    this.#authorization = authorization;
  }

  async push(tag: string, spec: ImageSpec): Promise<PushedImage> {
    const platforms = spec.platforms ?? [spec.platform ?? { os: "linux", architecture: "amd64" }];
    const built = platforms.map((platform) => buildManifest(spec, platform));
    for (const { blobs } of built) await Promise.all(blobs.map((one) => this.#sendBlob(one)));
    const result = { manifests: built.map(({ digest }) => digest), configs: built.map(({ config }) => config) };
    const [only] = built;
    if (!spec.platforms && only) {
      await this.#putManifest(tag, only.manifest, only.mediaType);
      return { ...result, digest: only.digest, mediaType: only.mediaType };
    }
    for (const { digest, manifest, mediaType } of built) await this.#putManifest(digest, manifest, mediaType);
    const index = buildIndex(spec, built);
    await this.#putManifest(tag, index.data, index.mediaType);
    return { ...result, digest: sha256Digest(index.data), mediaType: index.mediaType };
  }

  #sendBlob(one: Blob): Promise<void> {
    const known = this.#sent.get(one.digest);
    if (known) return known;
    const url = `${this.#base}/blobs/uploads/?digest=${one.digest}`;
    const sending = this.#send("POST", url, one.data, "application/octet-stream");
    this.#sent.set(one.digest, sending);
    return sending;
  }

  #putManifest(reference: string, data: Buffer, mediaType: string): Promise<void> {
    return this.#send("PUT", `${this.#base}/manifests/${reference}`, data, mediaType);
  }

  async #send(method: string, url: string, data: Buffer, type: string): Promise<void> {
    const headers = { authorization: this.#authorization, "content-type": type };
    const response = await fetch(url, { method, headers, body: new Uint8Array(data) });
    const text = await response.text();
    if (response.status !== 201) throw new Error(`${method} ${url} answered ${response.status} ${text}`);
  }
}
