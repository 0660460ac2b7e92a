import type { Call } from "../call.ts";
import type { Clock } from "../clock.ts";
import { isLoopbackHost, layerBucket, stripPort } from "../http/endpoint.ts";
import { presignGet, type SigningKey } from "../sigv4/sign.ts";
import type { SecretBox } from "../state/secret-box.ts";

export const downloadSeconds = 3600;

/** Makes the presigned addresses from which layers are downloaded, and knows the key that signs them. */
export class LayerUrls {
  readonly #secret: string;
  readonly #clock: Clock;
  readonly accessKeyId = "AKIASANDBOXLAYERS000";

  constructor(box: SecretBox, clock: Clock) {
    this.#secret = box.derive("layer-download");
    this.#clock = clock;
  }

  secretOf(accessKeyId: string): string | undefined {
    return accessKeyId === this.accessKeyId ? this.#secret : undefined;
  }

  /**
   * The address of a layer for a client of `host`. A real AWS name leads to the real bucket name. A client
   * of 127.0.0.1 is led to localhost and back: another host name, so that it drops its credential as it must.
   */
  sign(client: Pick<Call, "scheme" | "host" | "region">, account: string, digest: string): string {
    const { scheme, host, region } = client;
    const hex = digest.slice("sha256:".length);
    const key = `/${hex.slice(0, 4)}-${account}-${hex.slice(4, 12)}/${hex}`;
    const bucket = layerBucket(region);
    const signing: SigningKey = { accessKeyId: this.accessKeyId, secretAccessKey: this.#secret, region, service: "s3" };
    const isLocal = isLoopbackHost(host);
    const port = /:\d+$/.exec(host)?.[0] ?? "";
    const isNamed = /\.(amazonaws\.com|on\.aws)$/.test(stripPort(host));
    const other = stripPort(host) === "localhost" ? `127.0.0.1${port}` : `localhost${port}`;
    const target = isNamed ? `${bucket}.s3.${region}.amazonaws.com${port}` : isLocal ? other : host;
    const path = isNamed ? key : `/${bucket}${key}`;
    const query = presignGet({ host: target, path, expiresSeconds: downloadSeconds }, signing, this.#clock.now());
    return `${scheme}://${target}${path}?${query}`;
  }
}

/** The digest an object path stands for; undefined when it is no layer's. */
export function digestOfObject(path: string): string | undefined {
  const hex = /\/[0-9a-f]{4}-\d{12}-[0-9a-f]{8}\/([0-9a-f]{64})$/.exec(path)?.[1];
  return hex && `sha256:${hex}`;
}
