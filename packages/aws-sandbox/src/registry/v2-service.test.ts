import { createHash } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startTestSandbox, type TestSandbox } from "../testing/index.ts";
import { rawRequest } from "../testing/raw-request.ts";

let sandbox: TestSandbox;
let operator: string;
let layer: string;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  await sandbox.pushImage("team/base", "1", { layers: [{ "etc/motd": "hello".repeat(200) }] });
  operator = await sandbox.registryAuthorization();
  const manifest = JSON.parse((await get("/v2/team/base/manifests/1")).body.toString()) as {
    layers: { digest: string }[];
  };
  layer = manifest.layers[0]!.digest;
});
beforeEach(async () => {
  operator = await sandbox.registryAuthorization();
});
afterAll(() => sandbox.close());

function send(
  method: string,
  path: string,
  authorization?: string,
  extra: { host?: string; body?: string | Buffer; headers?: Record<string, string> } = {},
) {
  const headers = { ...(authorization === undefined ? {} : { authorization }), ...extra.headers };
  return rawRequest(sandbox.port, { method, path, ...extra, headers });
}
const get = (path: string, authorization = operator) => send("GET", path, authorization);
const errorOf = (answer: { body: Buffer }) =>
  (JSON.parse(answer.body.toString()) as { errors: { code: string; message: string }[] }).errors[0];
const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describe("the credential", () => {
  test("is asked for with ECR's Basic challenge and plain text", async () => {
    const host = "000000000000.dkr.ecr.us-east-1.amazonaws.com";
    const answer = await send("GET", "/v2/", undefined, { host });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe(`Basic realm="https://${host}/",service="ecr.amazonaws.com"`);
    expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(answer.body.toString()).toBe("Not Authorized\n");
  });

  test("is a token of twelve hours, whose password tells its expiry", async () => {
    const { body } = await sandbox.callEcr("GetAuthorizationToken");
    const [data] = body.authorizationData as { authorizationToken: string; expiresAt: number; proxyEndpoint: string }[];
    expect(data!.proxyEndpoint).toBe("https://000000000000.dkr.ecr.us-east-1.amazonaws.com");
    expect(data!.expiresAt - sandbox.clock.now() / 1000).toBeCloseTo(12 * 3600, -1);
    const [user, password] = Buffer.from(data!.authorizationToken, "base64").toString().split(":");
    expect(user).toBe("AWS");
    expect(password).toMatch(/^eyJwYXlsb2FkIjoi/);
    expect(JSON.parse(Buffer.from(password!, "base64").toString())).toMatchObject({
      version: "2",
      type: "DATA_KEY",
      expiration: Math.floor(data!.expiresAt),
    });
    expect(Buffer.from(password!, "base64").toString()).not.toContain("berth-sandbox-admin");
  });

  test("made up or cut short is refused with 400", async () => {
    const made = `Basic ${Buffer.from("AWS:nonsense").toString("base64")}`;
    const answer = await get("/v2/", made);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toEqual({ code: "DENIED", message: "Your Authorization Token is invalid." });
    const password = Buffer.from(operator.slice(6), "base64").toString();
    const cut = `Basic ${Buffer.from(password.slice(0, -400)).toString("base64")}`;
    expect((await get("/v2/", cut)).status).toBe(400);
  });

  test("of another region does not open this one, and opens its own", async () => {
    const other = await sandbox.registryAuthorization({ region: "eu-west-1" });
    expect((await get("/v2/", other)).status).toBe(400);
    const host = "000000000000.dkr.ecr.eu-west-1.amazonaws.com";
    expect((await send("GET", "/v2/", other, { host })).status).toBe(200);
    expect((await send("GET", "/v2/", operator, { host })).status).toBe(400);
  });

  test("expires after twelve hours with 403 and ECR's words", async () => {
    const own = await startTestSandbox();
    const authorization = await own.registryAuthorization();
    own.advance(12 * 3_600_000 - 5000);
    const ask = () => rawRequest(own.port, { path: "/v2/", headers: { authorization } });
    expect((await ask()).status).toBe(200);
    own.advance(5001);
    const answer = await ask();
    expect(answer.status).toBe(403);
    expect(errorOf(answer)).toEqual({
      code: "DENIED",
      message: "Your authorization token has expired. Reauthenticate and try again.",
    });
    await own.close();
  });

  test("carries no permission of its own: a policy taken away bites at once", async () => {
    const policies = ["AmazonEC2ContainerRegistryReadOnly"];
    const key = sandbox.createUser({ name: "fleeting", policies });
    const authorization = await sandbox.registryAuthorization({ key });
    expect((await get("/v2/team/base/manifests/1", authorization)).status).toBe(200);
    const deny = { Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "ecr:BatchGetImage", Resource: "*" }] };
    sandbox.createUser({ name: "fleeting", inline: { deny } });
    const answer = await get("/v2/team/base/manifests/1", authorization);
    expect(answer.status).toBe(403);
    expect(errorOf(answer)).toMatchObject({
      code: "DENIED",
      message: expect.stringContaining("with an explicit deny in an identity-based policy"),
    });
  });
});

describe("pulling", () => {
  test("a pull-only key gets manifest and layer, but may not ask whether a layer exists, nor list", async () => {
    const key = sandbox.createUser({ name: "puller", policies: ["AmazonEC2ContainerRegistryPullOnly"] });
    const authorization = await sandbox.registryAuthorization({ key });
    expect((await get("/v2/team/base/manifests/1", authorization)).status).toBe(200);
    expect((await get(`/v2/team/base/blobs/${layer}`, authorization)).status).toBe(307);
    expect((await send("HEAD", `/v2/team/base/blobs/${layer}`, authorization)).status).toBe(403);
    expect((await get("/v2/team/base/tags/list", authorization)).status).toBe(403);
    expect((await get("/v2/_catalog", authorization)).status).toBe(403);
  });

  test("another account's registry opens with one's own token, if both sides allow it", async () => {
    const principal = sandbox.createUser({
      name: "guest",
      account: "111111111111",
      policies: ["AmazonEC2ContainerRegistryPullOnly"],
    });
    const authorization = await sandbox.registryAuthorization({ key: principal });
    const host = "000000000000.dkr.ecr.us-east-1.amazonaws.com";
    const pull = () => send("GET", "/v2/team/base/manifests/1", authorization, { host });
    const refused = await pull();
    expect(refused.status).toBe(403);
    expect(errorOf(refused)!.message).toContain("because no resource-based policy allows the ecr:BatchGetImage action");
    const statement = {
      Effect: "Allow",
      Action: "ecr:BatchGetImage",
      Principal: { AWS: "arn:aws:iam::111111111111:user/guest" },
    };
    sandbox.createRepository({ name: "team/base", policy: { Version: "2012-10-17", Statement: [statement] } });
    expect((await pull()).status).toBe(200);
    expect((await send("GET", `/v2/team/base/blobs/${layer}`, authorization, { host })).status).toBe(403);
  });

  test("HEAD tells digest, type and size of a manifest", async () => {
    const answer = await send("HEAD", "/v2/team/base/manifests/1", operator);
    const whole = await get("/v2/team/base/manifests/1");
    expect(answer.headers["docker-content-digest"]).toBe(digestOf(whole.body.toString()));
    expect(answer.headers["content-length"]).toBe(String(whole.body.length));
    expect(answer.headers["content-type"]).toBe("application/vnd.oci.image.manifest.v1+json");
  });

  test.each([
    [
      "/v2/team/none/manifests/1",
      404,
      "NAME_UNKNOWN",
      "The repository with name 'team/none' does not exist in the registry with id '000000000000'",
    ],
    ["/v2/team/base/manifests/2", 404, "MANIFEST_UNKNOWN", "Requested image not found"],
    [`/v2/team/base/blobs/sha256:${"0".repeat(64)}`, 404, "BLOB_UNKNOWN", expect.any(String)],
    ["/v2/team/base/tags/list?n=1001", 405, "UNSUPPORTED", expect.stringContaining("'maxResults'")],
    ["/v2/Team/manifests/1", 400, "NAME_INVALID", expect.any(String)],
    ["/v2/team/..%2f..%2fetc/manifests/1", 400, "NAME_INVALID", expect.any(String)],
  ])("GET %s answers %d %s", async (path, status, code, message) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toEqual({ code, message });
  });

  test("tags come in pages with an absolute address of the next", async () => {
    await sandbox.pushImages(
      "team/paged",
      Array.from({ length: 7 }, (_, i) => `t${i}`),
    );
    const seen: string[] = [];
    let path: string | undefined = "/v2/team/paged/tags/list?n=3";
    while (path) {
      const answer = await get(path);
      seen.push(...(JSON.parse(answer.body.toString()) as { tags: string[] }).tags);
      const link = answer.headers.link as string | undefined;
      const next: string | undefined = link && /^<(.*)>; rel="next"$/.exec(link)?.[1];
      if (next) expect(next.startsWith(sandbox.url)).toBe(true);
      path = next?.slice(sandbox.url.length);
    }
    expect(seen).toEqual(["t0", "t1", "t2", "t3", "t4", "t5", "t6"]);
  });

  test("_catalog lists the registry of the host that was asked", async () => {
    sandbox.createRepository({ name: "theirs", account: "111111111111" });
    const host = "111111111111.dkr.ecr.us-east-1.amazonaws.com";
    expect((await send("GET", "/v2/_catalog", operator, { host })).status).toBe(403);
    expect(JSON.parse((await get("/v2/_catalog")).body.toString())).toMatchObject({
      repositories: expect.arrayContaining(["team/base"]),
    });
  });
});

describe("layer downloads", () => {
  const locate = async (host?: string) => {
    const answer = await send("GET", `/v2/team/base/blobs/${layer}`, operator, host === undefined ? {} : { host });
    expect(answer.status).toBe(307);
    return new URL(answer.headers.location!);
  };
  const fetchFrom = (url: URL, headers: Record<string, string> = {}, method = "GET") =>
    rawRequest(sandbox.port, { method, path: url.pathname + url.search, host: url.host, headers });

  test("lead to another host name, where the address alone suffices", async () => {
    const url = await locate();
    expect(url.hostname).toBe("localhost");
    expect((await locate(`localhost:${sandbox.port}`)).hostname).toBe("127.0.0.1");
    const named = await locate("000000000000.dkr.ecr.us-east-1.amazonaws.com");
    expect(named.hostname).toBe("prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com");
    expect(named.searchParams.get("X-Amz-Expires")).toBe("3600");
    expect(named.searchParams.get("X-Amz-SignedHeaders")).toBe("host");
    for (const one of [url, named]) {
      const answer = await fetchFrom(one);
      expect(`sha256:${createHash("sha256").update(answer.body).digest("hex")}`).toBe(layer);
    }
  });

  test("refuse a second credential as S3 does", async () => {
    const answer = await fetchFrom(await locate(), { authorization: operator });
    expect(answer.status).toBe(400);
    expect(answer.headers["content-type"]).toBe("application/xml");
    expect(answer.body.toString()).toContain("<Code>InvalidArgument</Code>");
    expect(answer.body.toString()).toContain("Only one auth mechanism allowed");
  });

  test("end after an hour, and at any change of the address", async () => {
    const url = await locate();
    const other = new URL(url);
    other.pathname = other.pathname.replace(/.$/, (c) => (c === "0" ? "1" : "0"));
    expect((await fetchFrom(other)).body.toString()).toContain("<Code>SignatureDoesNotMatch</Code>");
    const longer = new URL(url);
    longer.searchParams.set("X-Amz-Expires", "90000");
    expect((await fetchFrom(longer)).status).toBe(403);
    const bare = new URL(url);
    bare.search = "";
    expect((await fetchFrom(bare)).body.toString()).toContain("<Code>AccessDenied</Code>");
    expect((await fetchFrom(url, {}, "DELETE")).status).toBe(403);
    sandbox.advance(3600_000 + 1000);
    const late = await fetchFrom(url);
    sandbox.advance(-3600_000 - 1000);
    expect(late.status).toBe(403);
    expect(late.body.toString()).toContain("<Message>Request has expired</Message>");
  });

  test("resume by range", async () => {
    const url = await locate();
    const whole = (await fetchFrom(url)).body;
    const part = await fetchFrom(url, { range: "bytes=10-19" });
    expect(part.status).toBe(206);
    expect(part.headers["content-range"]).toBe(`bytes 10-19/${whole.length}`);
    expect(part.body).toEqual(whole.subarray(10, 20));
    expect((await fetchFrom(url, { range: "bytes=20-" })).body).toEqual(whole.subarray(20));
    expect((await fetchFrom(url, { range: "bytes=-5" })).body).toEqual(whole.subarray(-5));
    expect((await fetchFrom(url, { range: `bytes=${whole.length}-` })).status).toBe(416);
  });
});

describe("pushing", () => {
  const put = (path: string, body: string, type = "application/vnd.oci.image.manifest.v1+json") =>
    send("PUT", path, operator, { body, headers: { "content-type": type } });

  test("to a repository that does not exist creates none", async () => {
    const answer = await send("POST", "/v2/team/none/blobs/uploads/", operator);
    expect(answer.status).toBe(404);
    expect(errorOf(answer)!.code).toBe("NAME_UNKNOWN");
  });

  test("goes in chunks that must follow each other, and can be resumed", async () => {
    const content = "0123456789";
    const digest = digestOf(content);
    const started = await send("POST", "/v2/team/base/blobs/uploads/", operator);
    const path = new URL(started.headers.location!).pathname;
    const chunk = (text: string, from: number) =>
      send("PATCH", path, operator, { body: text, headers: { "content-range": `${from}-${from + text.length - 1}` } });
    expect((await chunk("0123", 0)).headers.range).toBe("0-3");
    expect((await chunk("789", 7)).status).toBe(416);
    expect((await send("GET", path, operator)).headers.range).toBe("0-3");
    expect((await chunk("4567", 4)).status).toBe(202);
    const done = await send("PUT", `${path}?digest=${digest}`, operator, { body: "89" });
    expect(done.status).toBe(201);
    expect((await send("HEAD", `/v2/team/base/blobs/${digest}`, operator)).headers["content-length"]).toBe("10");
  });

  test("goes on after a broken connection from what had arrived", async () => {
    const started = await send("POST", "/v2/team/base/blobs/uploads/", operator);
    const path = new URL(started.headers.location!).pathname;
    const received = () => send("GET", path, operator).then((answer) => answer.headers.range);
    const headers = { authorization: operator, "content-length": "100" };
    const broken = request({ host: "127.0.0.1", port: sandbox.port, method: "PATCH", path, headers });
    broken.on("error", () => undefined);
    broken.write("first");
    await vi.waitFor(async () => expect(await received()).toBe("0-4"));
    broken.destroy();
    const content = "first and second";
    const rest = { body: " and second", headers: { "content-range": "5-15" } };
    await vi.waitFor(async () => expect((await send("PATCH", path, operator, rest)).status).toBe(202));
    expect((await send("PUT", `${path}?digest=${digestOf(content)}`, operator)).status).toBe(201);
  });

  test("keeps nothing of a layer whose digest is wrong", async () => {
    const digest = digestOf("right");
    const answer = await send("POST", `/v2/team/base/blobs/uploads/?digest=${digest}`, operator, { body: "wrong" });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)!.code).toBe("DIGEST_INVALID");
    expect((await send("HEAD", `/v2/team/base/blobs/${digest}`, operator)).status).toBe(404);
  });

  test("an upload belongs to its repository", async () => {
    sandbox.createRepository({ name: "team/other" });
    const started = await send("POST", "/v2/team/base/blobs/uploads/", operator);
    const path = new URL(started.headers.location!).pathname.replace("team/base", "team/other");
    expect((await send("PATCH", path, operator, { body: "x" })).status).toBe(404);
  });

  test("wants every layer and every child of an index to be there", async () => {
    const missing = { mediaType: "application/octet-stream", digest: digestOf("nowhere"), size: 1 };
    const manifest = JSON.stringify({ schemaVersion: 2, config: missing, layers: [] });
    expect(errorOf(await put("/v2/team/base/manifests/x", manifest))!.code).toBe("MANIFEST_BLOB_UNKNOWN");
    const index = JSON.stringify({ schemaVersion: 2, manifests: [missing] });
    const answer = await put("/v2/team/base/manifests/x", index, "application/vnd.oci.image.index.v1+json");
    expect(errorOf(answer)!.code).toBe("MANIFEST_BLOB_UNKNOWN");
  });

  test.each([
    ["no JSON", "{", "application/vnd.oci.image.manifest.v1+json", 400],
    [
      "another type than it says",
      '{"schemaVersion":2,"mediaType":"a/b"}',
      "application/vnd.oci.image.manifest.v1+json",
      400,
    ],
    ["a type nobody knows", '{"schemaVersion":2}', "text/plain", 400],
    ["more than 4 MiB", `{"pad":"${"x".repeat(4 * 1024 * 1024)}"}`, "application/vnd.oci.image.manifest.v1+json", 413],
  ])("refuses a manifest that is %s", async (_, body, type, status) => {
    expect((await put("/v2/team/base/manifests/x", body, type)).status).toBe(status);
  });

  test("moves a tag, unless tags are immutable", async () => {
    const first = await sandbox.pushImage("team/moving", "1", { config: { Labels: { n: "1" } } });
    const second = await sandbox.pushImage("team/moving", "1", { config: { Labels: { n: "2" } } });
    expect(second.digest).not.toBe(first.digest);
    const { imageIds } = (await sandbox.callEcr("ListImages", { repositoryName: "team/moving" })).body as {
      imageIds: object[];
    };
    expect(imageIds).toContainEqual({ imageDigest: first.digest });
    expect(imageIds).toContainEqual({ imageDigest: second.digest, imageTag: "1" });
    await sandbox.callEcr("PutImageTagMutability", { repositoryName: "team/moving", imageTagMutability: "IMMUTABLE" });
    await expect(sandbox.pushImage("team/moving", "1", { config: { Labels: { n: "3" } } })).rejects.toThrow(
      "The image tag '1' already exists in the 'team/moving' repository and cannot be overwritten because the tag is immutable.",
    );
  });

  test("a read-only key may not", async () => {
    const authorization = await sandbox.registryAuthorization({ key: sandbox.developer });
    const answer = await send("POST", "/v2/team/base/blobs/uploads/", authorization);
    expect(answer.status).toBe(403);
    expect(errorOf(answer)!.message).toContain("is not authorized to perform: ecr:InitiateLayerUpload");
  });
});

test("referrers of an image are listed as an index", async () => {
  const subject = await sandbox.pushImage("team/signed", "1");
  const empty =
    '{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}';
  await send(
    "POST",
    "/v2/team/signed/blobs/uploads/?digest=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    operator,
    { body: "{}" },
  );
  const manifest = `{"schemaVersion":2,"artifactType":"a/sig","config":${empty},"layers":[],"subject":{"mediaType":"${subject.mediaType}","digest":"${subject.digest}","size":1}}`;
  const headers = { "content-type": "application/vnd.oci.image.manifest.v1+json" };
  const pushed = await send("PUT", `/v2/team/signed/manifests/${digestOf(manifest)}`, operator, {
    body: manifest,
    headers,
  });
  expect(pushed.headers["oci-subject"]).toBe(subject.digest);
  const answer = await get(`/v2/team/signed/referrers/${subject.digest}`);
  expect(JSON.parse(answer.body.toString())).toMatchObject({
    manifests: [{ digest: digestOf(manifest), artifactType: "a/sig" }],
  });
});
