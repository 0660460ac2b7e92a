import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { staticKeychain } from "./auth/keychain.ts";
import { type Digest, digestOf } from "./digest.ts";
import { SafeHttp } from "./http/safe-http.ts";
import { mediaTypes } from "./media-type.ts";
import { RegistryClient } from "./registry-client.ts";

type Answer = { status?: number; headers?: Record<string, string>; body?: string | Buffer };

const config = JSON.stringify({ os: "linux", architecture: "amd64", config: { User: "dev" } });
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: { mediaType: mediaTypes.ociConfig, digest: digestOf(config), size: config.length },
  layers: [],
});
const none = `sha256:${"0".repeat(64)}` as Digest;

let server: Server;
let origin: URL;
let http: SafeHttp;
let answers: Map<string, Answer>;
let requests: IncomingMessage[];

function respond(request: IncomingMessage, response: ServerResponse): void {
  requests.push(request);
  const { status = 200, headers = {}, body = "" } = answers.get(request.url ?? "") ?? { status: 404 };
  response.writeHead(status, headers).end(request.method === "HEAD" ? "" : body);
}

beforeAll(async () => {
  server = createServer(respond).listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  http = new SafeHttp({ trustedOrigins: [origin.origin] });
});
beforeEach(() => {
  answers = new Map();
  requests = [];
});
afterAll(async () => {
  await http.close();
  await new Promise((resolve) => server.close(resolve));
});

async function collect(tags: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const tag of tags) all.push(tag);
  return all;
}

const client = () =>
  new RegistryClient({
    http,
    origin,
    registry: "r.example",
    keychain: staticKeychain("r.example", { kind: "basic", username: "AWS", password: "s3cret" }),
  });

describe("RegistryClient", () => {
  test("sends the credential without being asked first", async () => {
    answers.set("/v2/", {});
    await client().ping();
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("AWS:s3cret").toString("base64")}`);
  });

  test("challenge asks without it, and tells the schemes offered", async () => {
    answers.set("/v2/", {
      status: 401,
      headers: { "www-authenticate": 'Basic realm="x",service="ecr.amazonaws.com"' },
    });
    expect(await client().challenge()).toMatchObject({ schemes: ["basic"] });
    expect(requests[0]?.headers.authorization).toBeUndefined();
  });

  test("challenge refuses what is no registry", async () => {
    answers.set("/v2/", { status: 401 });
    await expect(client().challenge()).rejects.toMatchObject({ code: "V2_NO_BASIC" });
    answers.set("/v2/", { status: 302, headers: { location: "/login" } });
    await expect(client().challenge()).rejects.toMatchObject({ code: "REDIRECT_FORBIDDEN" });
  });

  test("reads a manifest by tag, computes its digest and offers all four media types", async () => {
    answers.set("/v2/team/base/manifests/1", { body: manifest, headers: { "content-type": mediaTypes.ociManifest } });
    const answer = await client().manifest("team/base", "1");
    expect(answer).toMatchObject({ digest: digestOf(manifest), mediaType: mediaTypes.ociManifest });
    expect(requests[0]?.headers.accept?.split(", ")).toHaveLength(4);
  });

  test("refuses a manifest that is not what the digest names", async () => {
    answers.set(`/v2/team/base/manifests/${none}`, { body: manifest });
    await expect(client().manifest("team/base", none)).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
  });

  test("headManifest takes digest and size from the headers", async () => {
    const headers = { "docker-content-digest": none, "content-length": "7", "content-type": mediaTypes.ociIndex };
    answers.set("/v2/team/base/manifests/1", { headers });
    const head = await client().headManifest("team/base", "1");
    expect(head).toEqual({ digest: none, mediaType: mediaTypes.ociIndex, sizeBytes: 7 });
  });

  test("reads a config, verified; a part of a blob is asked for by range", async () => {
    const digest = digestOf(config);
    answers.set(`/v2/team/base/blobs/${digest}`, { body: config });
    expect((await client().config("team/base", digest)).user).toBe("dev");
    answers.set(`/v2/team/base/blobs/${digest}`, { status: 206, body: "{" });
    const part = await client().blob("team/base", digest, { maxBytes: 8, range: { first: 0, last: 0 } });
    expect(part.toString()).toBe("{");
    expect(requests[1]?.headers.range).toBe("bytes=0-0");
  });

  test("lists tags over pages, and stops where a link leaves the registry", async () => {
    const list = "/v2/team/base/tags/list";
    answers.set(`${list}?n=1000`, { body: '{"tags":["a","b"]}', headers: { link: `<${list}?last=b>; rel="next"` } });
    answers.set(`${list}?last=b`, { body: '{"tags":["c","bad tag"]}' });
    expect(await collect(client().tags("team/base"))).toEqual(["a", "b", "c"]);
    answers.set(`${list}?last=b`, { body: '{"tags":[]}', headers: { link: '<https://evil.example/>; rel="next"' } });
    await expect(collect(client().tags("team/base"))).rejects.toMatchObject({ code: "REDIRECT_FORBIDDEN" });
  });

  test.each(["../admin", "team/../x", "Team", "a?b", "x".repeat(300)])("never puts %s into a path", async (name) => {
    await expect(client().manifest(name, "1")).rejects.toMatchObject({ code: "REFERENCE_MALFORMED" });
    await expect(client().manifest("team/base", `1/../${name}`)).rejects.toMatchObject({ code: "REFERENCE_MALFORMED" });
    expect(requests).toEqual([]);
  });

  const denied = (message: string) => JSON.stringify({ errors: [{ code: "DENIED", message }] });
  const bearer = { "www-authenticate": 'Bearer realm="https://a.example/token"' };

  test.each<[string, Answer, string]>([
    [
      "an expired token",
      { status: 403, body: denied("Your authorization token has expired. Reauthenticate") },
      "V2_TOKEN_EXPIRED",
    ],
    ["the same as text/plain", { status: 403, body: "authorization token has expired" }, "V2_TOKEN_EXPIRED"],
    ["a garbled token", { status: 403, body: denied("Your Authorization Token is invalid.") }, "V2_TOKEN_INVALID"],
    [
      "401 in spite of a credential",
      { status: 401, headers: { "www-authenticate": "Basic realm=x" } },
      "V2_TOKEN_INVALID",
    ],
    ["a bearer challenge", { status: 401, headers: bearer }, "V2_AUTH_UNSUPPORTED"],
    ["another 403", { status: 403, body: denied("no") }, "V2_DENIED"],
    ["an unknown manifest", { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' }, "V2_MANIFEST_UNKNOWN"],
    ["an unknown repository", { status: 404, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' }, "V2_NAME_UNKNOWN"],
    ["404 from a web site", { status: 404, body: "<html>" }, "V2_MANIFEST_UNKNOWN"],
    ["too many requests", { status: 429 }, "V2_TOO_MANY_REQUESTS"],
    ["a proxy that wants a password", { status: 407 }, "PROXY_AUTH"],
    ["a proxy with small buffers", { status: 431 }, "HEADER_TOO_LARGE"],
    ["an outage", { status: 503 }, "V2_UNAVAILABLE"],
    ["a web page", { status: 200, body: "<html>" }, "MANIFEST_INVALID"],
    ["an odd status", { status: 418 }, "V2_ANSWER_INVALID"],
    [
      "S3 with two credentials",
      { status: 400, body: "<?xml?><Error>Only one auth mechanism allowed</Error>" },
      "S3_DOUBLE_AUTH",
    ],
    ["an old S3 address", { status: 403, body: "<?xml?><Error>Request has expired</Error>" }, "S3_URL_EXPIRED"],
    ["an S3 denial", { status: 403, body: "<?xml?><Error><Code>AccessDenied</Code></Error>" }, "S3_BLOCKED"],
  ])("%s", async (_what, answer, code) => {
    answers.set("/v2/team/base/manifests/1", answer);
    await expect(client().manifest("team/base", "1")).rejects.toMatchObject({ code });
  });

  test("says nothing of the credential or of what upstream wrote", async () => {
    answers.set("/v2/team/base/manifests/1", { status: 403, body: denied("upstream words s3cret") });
    const error = await client()
      .manifest("team/base", "1")
      .catch((cause: unknown) => cause);
    const { message, fix, evidence } = error as { message: string; fix: unknown; evidence: unknown };
    expect(JSON.stringify({ message, fix, evidence })).not.toMatch(/s3cret|upstream words|QVdT/);
  });
});
