import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRelay } from "./testing/relay.ts";
import { locateTestEngine } from "./testing/test-engine.ts";
import { type Fixture, failureOf, openFixture } from "./testing/workspace-fixture.ts";

const engine = await locateTestEngine();
const entries = [{ name: "etc/passwd", body: "root:x:0:0::/root:/bin/sh\n" }];

describe.skipIf(!engine)("getting an image", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await openFixture(engine!);
  });
  afterAll(() => fixture.close());

  /** An image that only the registry has. */
  const remote = async () => {
    const image = await fixture.publish({ entries });
    await fixture.forget(image);
    return image;
  };

  it("pulls by digest and gives the image the name people know", async () => {
    const image = await remote();
    await fixture.apply(fixture.specOf(image));
    const { RepoTags, RepoDigests } = await fixture.test.docker.getImage(image.reference).inspect();
    expect(RepoTags).toContain(image.reference);
    expect(RepoDigests).toContain(`${image.pullRepository}@${image.digest}`);
  });

  it("runs two digests of one tag beside each other", async () => {
    const [first, second] = [await remote(), await remote()];
    const specs = [fixture.specOf(first), fixture.specOf({ ...second, reference: first.reference })];
    for (const spec of specs) await fixture.apply(spec);
    for (const spec of specs) await fixture.provider.stop(spec.workspaceId, new AbortController().signal);
    for (const spec of specs) {
      await fixture.apply(spec, { pullCredential: () => Promise.reject(new Error("nobody needs to ask")) });
    }
    const images = await Promise.all(specs.map(async (spec) => (await fixture.test.inspect(spec.workspaceId)).Image));
    expect(images[0]).not.toBe(images[1]);
  });

  it("recognises an image whose registry has moved to another address", async () => {
    const image = await remote();
    await fixture.apply(fixture.specOf(image));
    const moved = { ...image, pullRepository: "127.0.0.1:1/team/base" };
    const events = await fixture.apply(fixture.specOf(moved));
    expect(events).toContainEqual({ type: "step-finished", step: "image", detail: "Already on this engine" });
  });

  it("shares one pull among workspaces that need the same image", async () => {
    const image = await remote();
    let asked = 0;
    const pullCredential = async () => {
      asked += 1;
      return fixture.registry.credential;
    };
    const both = await Promise.all([1, 2, 3].map(() => fixture.apply(fixture.specOf(image), { pullCredential })));
    expect(asked).toBe(1);
    for (const events of both) expect(events.some((event) => event.type === "layers")).toBe(true);
  });

  it("does not let one workspace's bad credential fail another that waits for the same image", async () => {
    const image = await remote();
    const { promise: asked, resolve: hasAsked } = Promise.withResolvers<void>();
    const { promise: joined, resolve: hasJoined } = Promise.withResolvers<void>();
    const bad = failureOf(
      fixture.apply(fixture.specOf(image), {
        pullCredential: async () => {
          hasAsked();
          await joined;
          return { ...fixture.registry.credential, password: "wrong" };
        },
      }),
    );
    await asked;
    let goodAsked = 0;
    const good = fixture.apply(fixture.specOf(image), {
      // Between this report and joining lies nothing but the look-up of the image.
      report: (event) => void (event.type === "step-started" && event.step === "image" && setTimeout(hasJoined, 300)),
      pullCredential: async () => {
        goodAsked += 1;
        return fixture.registry.credential;
      },
    });
    expect((await bad).code).toBe("IMAGE_PULL_DENIED");
    await good;
    expect(goodAsked).toBe(1);
  });

  it("pulls without a credential only what is public", async () => {
    const image = await remote();
    const spec = fixture.specOf(image);
    const refused = await failureOf(fixture.apply(spec, { pullCredential: async () => undefined }));
    expect(refused.code).toBe("IMAGE_PULL_DENIED");
    expect(await fixture.test.leftovers(spec.workspaceId)).toEqual([]);
  });

  it("tells a repository that does not exist from one that it may not see", async () => {
    const image = await remote();
    const unknown = { ...image, pullRepository: `${fixture.registry.host}/team/never-pushed` };
    expect((await failureOf(fixture.apply(fixture.specOf(unknown)))).code).toBe("IMAGE_NOT_FOUND");
  });

  it("tells when nothing answers at the registry's address", async () => {
    const image = await remote();
    const spec = fixture.specOf({ ...image, pullRepository: "127.0.0.1:1/team/base" });
    expect(await failureOf(fixture.apply(spec))).toMatchObject({ code: "REGISTRY_UNREACHABLE", retryable: true });
    expect(await fixture.test.leftovers(spec.workspaceId)).toEqual([]);
  });

  it("refuses an address that is none before the engine sees it", async () => {
    const image = await remote();
    for (const pullRepository of ["../../containers/json?x=", "host/team/ba se", "host", "-"]) {
      const refused = await failureOf(fixture.apply(fixture.specOf({ ...image, pullRepository })));
      expect(refused.code).toBe("IMAGE_NOT_FOUND");
    }
  });

  it("refuses an image for another platform before it makes anything", async () => {
    const image = await fixture.publish({ entries });
    const foreign = await pushForAnotherPlatform(fixture, image);
    const spec = fixture.specOf({ ...image, digest: foreign });
    const refused = await failureOf(fixture.apply(spec));
    expect(refused.code).toBe("IMAGE_PLATFORM_MISMATCH");
    expect(refused.message).toMatch(/linux\/s390x.*linux\/(amd|arm)64/);
    expect(await fixture.test.leftovers(spec.workspaceId)).toEqual([]);
    const pulled = `${image.pullRepository}@${foreign}`;
    expect((await fixture.test.docker.getImage(pulled).inspect()).RepoTags).not.toContain(image.reference);
    await fixture.test.forgetImage(pulled);
  });

  it("asks for a fresh credential once when the registry calls the first one expired", async () => {
    const image = await remote();
    const front = await openExpiringFront(fixture.registry.host, "expired");
    const spec = fixture.specOf({ ...image, pullRepository: image.pullRepository.replace(/^[^/]+/, front.host) });
    const { credential } = fixture.registry;
    const answers = [{ ...credential, password: "expired" }, credential];
    await fixture.apply(spec, { pullCredential: async () => answers.shift() });
    expect(answers).toEqual([]);

    await fixture.provider.remove(spec.workspaceId, new AbortController().signal);
    await fixture.forget(image);
    let asked = 0;
    const pullCredential = async () => {
      asked += 1;
      return { ...credential, password: "expired" };
    };
    const refused = await failureOf(fixture.apply({ ...spec, revision: "2" }, { pullCredential }));
    expect(refused.code).toBe("IMAGE_PULL_DENIED");
    expect(asked).toBe(2);
    await front.close();
  });

  it("ends a pull that is cancelled, and the engine's own download with it", async () => {
    const image = await remote();
    const [host = "", port = ""] = fixture.registry.host.split(":");
    const relay = await openRelay({ host, port: Number(port) });
    const { port: relayPort } = relay.address as { port: number };
    relay.slowDown(20);
    const spec = fixture.specOf({ ...image, pullRepository: image.pullRepository.replace(port, String(relayPort)) });
    const controller = new AbortController();
    const applied = failureOf(fixture.apply(spec, { signal: controller.signal }));
    await expect.poll(relay.received, { timeout: 10_000 }).toBeGreaterThan(100_000);
    controller.abort();
    expect((await applied).code).toBe("CANCELED");
    expect(await fixture.test.leftovers(spec.workspaceId)).toEqual([]);
    relay.slowDown(0);
    await fixture.apply(spec);
    await relay.close();
  });
});

/** A registry's front that answers one password as ECR answers a token that has run out, and passes on the rest. */
async function openExpiringFront(registry: string, expired: string) {
  const server = http.createServer(async (request, response) => {
    const basic = Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
    if (basic.endsWith(`:${expired}`)) {
      const message = "Your authorization token has expired. Reauthenticate and try again.";
      response.writeHead(403, { "content-type": "application/json" });
      return response.end(JSON.stringify({ errors: [{ code: "DENIED", message }] }));
    }
    const { host: _, connection: __, ...headers } = request.headers;
    const answer = await fetch(`http://${registry}${request.url}`, {
      method: request.method ?? "GET",
      headers: { ...(headers as Record<string, string>), "accept-encoding": "identity" },
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

type Json = Record<string, unknown> & { config: { digest: string } };

/** Pushes a copy of an image whose configuration names a processor that no test machine has. */
async function pushForAnotherPlatform(fixture: Fixture, image: { pullRepository: string; digest: string }) {
  const repository = image.pullRepository.slice(image.pullRepository.indexOf("/") + 1);
  const { registry } = fixture;
  const accept = "application/vnd.docker.distribution.manifest.v2+json";
  const read = async (path: string) => (await (await registry.fetch(path, { headers: { accept } })).json()) as Json;
  const manifest = await read(`/v2/${repository}/manifests/${image.digest}`);
  const config = await read(`/v2/${repository}/blobs/${manifest.config.digest}`);
  const body = Buffer.from(JSON.stringify({ ...config, architecture: "s390x" }));
  const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
  const upload = await registry.fetch(`/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const location = new URL(upload.headers.get("location") ?? "");
  location.searchParams.set("digest", digest);
  await registry.fetch(`${location.pathname}${location.search}`, { method: "PUT", body });
  const foreign = JSON.stringify({ ...manifest, config: { ...manifest.config, digest, size: body.length } });
  const put = await registry.fetch(`/v2/${repository}/manifests/foreign`, {
    method: "PUT",
    headers: { "content-type": accept },
    body: foreign,
  });
  return put.headers.get("docker-content-digest") ?? "";
}
