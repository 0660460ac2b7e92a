import { z } from "zod";
import type { Credential, Keychain } from "./auth/keychain.ts";
import { type Digest, digestOf, isDigest, verifyDigest } from "./digest.ts";
import { RegistryError } from "./errors.ts";
import type { RegistryFacts } from "./failures.ts";
import { type RedirectPolicy, sameOriginRedirects } from "./http/redirect.ts";
import type { SafeHttp, SafeResponse } from "./http/safe-http.ts";
import { type ImageConfig, maxConfigBytes, parseImageConfig } from "./image-config.ts";
import { type Manifest, maxManifestBytes, parseManifest } from "./manifest.ts";
import { manifestMediaTypes } from "./media-type.ts";
import { isRepositoryName, isTag } from "./reference.ts";
import { parseChallenges } from "./transport/challenge.ts";
import { responseError } from "./transport/error.ts";
import { nextPage } from "./transport/link.ts";

export type RegistryClientOptions = {
  http: SafeHttp;
  /** `https://host[:port]`; requests go here whatever the registry is called. */
  origin: URL;
  /** The registry's name for the keychain and for sentences; the origin's host unless given. */
  registry?: string;
  keychain: Keychain;
  /** Where blob downloads may be redirected to; nowhere but the same origin unless given. */
  blobRedirects?: RedirectPolicy;
  timeoutMs?: number;
};

export type ManifestHead = { digest: Digest; mediaType: string; sizeBytes: number };
export type ManifestAnswer = { digest: Digest; mediaType: string; manifest: Manifest };

type Call = {
  method?: "GET" | "HEAD";
  path: string;
  headers?: Record<string, string>;
  maxBytes: number;
  redirects?: RedirectPolicy;
  facts: RegistryFacts;
  signal?: AbortSignal | undefined;
};

const tagsSchema = z.object({ tags: z.array(z.string()).nullable() });
const maxTagsBytes = 4 * 1024 * 1024;

/**
 * Reads one registry by the OCI distribution spec 1.1 with HTTP Basic. Every method throws `RegistryError`,
 * or the signal's reason when aborted.
 */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #name: string;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#name = options.registry ?? options.origin.host;
  }

  /** Asks `/v2/` with the credential, if any: proves that it is a registry and lets us in. */
  async ping(signal?: AbortSignal): Promise<{ skewMs?: number }> {
    return skewOf(await this.#call({ path: "/v2/", maxBytes: 65_536, facts: {}, signal }));
  }

  /** Asks `/v2/` without a credential: how does it want to be asked? */
  async challenge(signal?: AbortSignal): Promise<{ schemes: string[]; skewMs?: number }> {
    const response = await this.#send({ path: "/v2/", maxBytes: 65_536, facts: {}, signal }, { kind: "anonymous" });
    const schemes = parseChallenges(response.headers["www-authenticate"] ?? "").map(({ scheme }) => scheme);
    const isRegistry = response.status === 200 || (response.status === 401 && schemes.length > 0);
    if (!isRegistry) throw responseError(response, { host: this.#name }, false);
    return { schemes, ...skewOf(response) };
  }

  /** Digest, media type and size of a manifest, by tag or digest. */
  async headManifest(repository: string, id: string, signal?: AbortSignal): Promise<ManifestHead> {
    const call = this.#manifestCall(repository, id, signal);
    const response = await this.#call({ ...call, method: "HEAD" });
    const digest = response.headers["docker-content-digest"] ?? "";
    const sizeBytes = Number(response.headers["content-length"]);
    if (!isDigest(digest) || !Number.isSafeInteger(sizeBytes)) throw new RegistryError("V2_ANSWER_INVALID", call.facts);
    return { digest, mediaType: response.headers["content-type"] ?? "", sizeBytes };
  }

  /** A manifest by tag or digest; its digest is computed, and compared where one was asked for or told. */
  async manifest(repository: string, id: string, signal?: AbortSignal): Promise<ManifestAnswer> {
    const call = this.#manifestCall(repository, id, signal);
    const response = await this.#call(call);
    const told = response.headers["docker-content-digest"];
    for (const expected of [id, told]) {
      if (expected !== undefined && isDigest(expected)) verifyDigest(response.body, expected, this.#name);
    }
    const manifest = parseManifest(response.body.toString("utf8"), response.headers["content-type"], id);
    return { digest: isDigest(id) ? id : digestOf(response.body), mediaType: manifest.mediaType, manifest };
  }

  /** An image's config, verified. */
  async config(repository: string, digest: Digest, signal?: AbortSignal): Promise<ImageConfig> {
    const bytes = await this.blob(repository, digest, { maxBytes: maxConfigBytes, ...(signal && { signal }) });
    return parseImageConfig(bytes.toString("utf8"), repository);
  }

  /**
   * A blob, or the part of it from `range.first` to `range.last` (both inclusive, in bytes).
   * Whole blobs are verified; parts cannot be. Layers redirect to storage, which gets no credential.
   */
  async blob(
    repository: string,
    digest: Digest,
    options: { maxBytes: number; range?: { first: number; last: number }; signal?: AbortSignal },
  ): Promise<Buffer> {
    this.#checkName(repository);
    const { range, maxBytes, signal } = options;
    const response = await this.#call({
      path: `/v2/${repository}/blobs/${digest}`,
      headers: range === undefined ? {} : { range: `bytes=${range.first}-${range.last}` },
      maxBytes,
      redirects: this.#options.blobRedirects ?? sameOriginRedirects,
      facts: { repository, image: digest },
      signal,
    });
    if (range === undefined) verifyDigest(response.body, digest, response.url.host);
    return response.body;
  }

  /** All tags of a repository, in the registry's order, by pages of at most 1000. */
  async *tags(repository: string, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
    this.#checkName(repository);
    let path: string | undefined = `/v2/${repository}/tags/list?n=1000`;
    for (let page = 0; path !== undefined && page < 1000; page++) {
      const facts = { host: this.#name, repository };
      const response: SafeResponse = await this.#call({
        path,
        maxBytes: maxTagsBytes,
        facts,
        signal,
      });
      yield* tagsIn(response, facts);
      path = nextPage(response.headers.link, new URL(path, this.#options.origin), facts);
    }
  }

  #manifestCall(repository: string, id: string, signal: AbortSignal | undefined): Call {
    this.#checkName(repository);
    if (!isTag(id) && !isDigest(id)) {
      throw new RegistryError("REFERENCE_MALFORMED", { part: "tag", problem: "is neither a tag nor a digest" });
    }
    const facts = { host: this.#name, repository, image: id };
    const headers = { accept: manifestMediaTypes.join(", ") };
    return { path: `/v2/${repository}/manifests/${id}`, headers, maxBytes: maxManifestBytes, facts, signal };
  }

  async #call(call: Call): Promise<SafeResponse> {
    const { keychain } = this.#options;
    const { repository } = call.facts;
    const target = repository === undefined ? { registry: this.#name } : { registry: this.#name, repository };
    const credential = await keychain.credentialFor(target, call.signal);
    const response = await this.#send(call, credential);
    if (response.status === 200 || response.status === 206) return response;
    throw responseError(response, { host: this.#name, ...call.facts }, credential.kind !== "anonymous");
  }

  async #send(call: Call, credential: Credential): Promise<SafeResponse> {
    const { http, origin, timeoutMs } = this.#options;
    return await http.request({
      method: call.method ?? "GET",
      url: new URL(call.path, origin),
      headers: { ...call.headers, ...authorization(credential) },
      maxBytes: call.maxBytes,
      ...(call.redirects && { redirects: call.redirects }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(call.signal && { signal: call.signal }),
    });
  }

  /** Names become paths, so nothing outside the grammar gets that far. */
  #checkName(repository: string): void {
    if (isRepositoryName(repository)) return;
    throw new RegistryError("REFERENCE_MALFORMED", { part: "repository", problem: "is malformed" });
  }
}

function authorization(credential: Credential): Record<string, string> {
  if (credential.kind === "anonymous") return {};
  const pair = Buffer.from(`${credential.username}:${credential.password}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}

function tagsIn(response: SafeResponse, facts: RegistryFacts): string[] {
  try {
    return (tagsSchema.parse(JSON.parse(response.body.toString("utf8"))).tags ?? []).filter(isTag);
  } catch {
    throw new RegistryError("V2_ANSWER_INVALID", facts);
  }
}

function skewOf({ skewMs }: SafeResponse): { skewMs?: number } {
  return skewMs === undefined ? {} : { skewMs };
}
