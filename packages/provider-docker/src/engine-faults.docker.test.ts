import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findEngine } from "./find-engine.ts";
import { openRelay, type Relay } from "./testing/relay.ts";
import { locateTestEngine } from "./testing/test-engine.ts";
import { type Fixture, failureOf, openFixture } from "./testing/workspace-fixture.ts";

const engine = await locateTestEngine();
const { signal } = new AbortController();

describe.skipIf(!engine)("an engine that fails", () => {
  let fixture: Fixture;
  let image: Awaited<ReturnType<Fixture["publish"]>>;
  let relay: Relay;
  let provider: ReturnType<Fixture["providerFor"]>;
  beforeAll(async () => {
    fixture = await openFixture(engine!);
    image = await fixture.publish({ entries: [{ name: "etc/passwd", body: "root:x:0:0::/root:/bin/sh\n" }] });
  });
  afterAll(() => fixture.close());
  beforeEach(async () => {
    relay = await openRelay("socketPath" in engine! ? { path: engine.socketPath } : engine!);
    provider = fixture.providerFor({ engine: relay.address as never });
  });
  afterEach(() => relay.close());

  const containers = async (workspaceId: string) =>
    (await fixture.test.leftovers(workspaceId)).filter((thing) => thing.startsWith("container"));

  it("is called unreachable while it is gone, and used again when it is back", async () => {
    const spec = fixture.specOf(image);
    await relay.vanish();
    expect(await failureOf(provider.describe(signal))).toMatchObject({ code: "ENGINE_UNREACHABLE", retryable: true });
    expect((await failureOf(fixture.apply(spec, {}, provider))).code).toBe("ENGINE_UNREACHABLE");
    expect((await failureOf(provider.list(signal))).code).toBe("ENGINE_UNREACHABLE");
    await relay.comeBack();
    await fixture.apply(spec, {}, provider);
    expect((await provider.observe(spec.workspaceId, signal)).state).toBe("running");
  });

  it.each([
    ["before it hears of the container", "cut"],
    ["after it has begun to make the container", "pass-then-cut"],
  ] as const)("leaves no container when the connection breaks %s", async (_, verdict) => {
    const spec = fixture.specOf(image);
    relay.onRequest((chunk) => (chunk.includes("/containers/create?") && !chunk.includes("helper") ? verdict : "pass"));
    expect((await failureOf(fixture.apply(spec, {}, provider))).code).toBe("ENGINE_UNREACHABLE");
    await expect.poll(() => containers(spec.workspaceId)).toEqual([]);
    relay.onRequest(() => "pass");
    await fixture.apply(spec, {}, provider);
    expect(await containers(spec.workspaceId)).toHaveLength(1);
  });

  it("leaves no container when the connection breaks during the start", async () => {
    const spec = fixture.specOf(image);
    relay.onRequest((chunk) => (chunk.includes("/start") ? "pass-then-cut" : "pass"));
    expect((await failureOf(fixture.apply(spec, {}, provider))).code).toBe("ENGINE_UNREACHABLE");
    expect(await containers(spec.workspaceId)).toEqual([]);
  });

  it("is watched again after a break, without losing what happened meanwhile", async () => {
    const spec = fixture.specOf(image);
    const watching = new AbortController();
    const seen: string[] = [];
    provider.watch((workspaceId) => seen.push(workspaceId), watching.signal);
    await fixture.apply(spec);
    await expect.poll(() => seen).toContain(spec.workspaceId);
    await relay.vanish();
    seen.length = 0;
    await fixture.provider.remove(spec.workspaceId, signal);
    await relay.comeBack();
    await expect.poll(() => seen, { timeout: 5000 }).toContain(spec.workspaceId);
    watching.abort();
  });

  it("is found by its socket, and each place without one gets its reason", async () => {
    const socketPath = (relay.address as { socketPath: string }).socketPath;
    expect(await findEngine({ sockets: ["/nowhere/docker.sock", socketPath] }, signal)).toMatchObject({
      engine: { socketPath },
      platform: expect.stringMatching(/^linux\//),
    });
    await relay.vanish();
    expect(existsSync(socketPath)).toBe(false);
    expect(await findEngine({ sockets: [socketPath], dockerHost: "tcp://127.0.0.1:1" }, signal)).toEqual({
      reasons: [{ where: "http://127.0.0.1:1", reason: "Nothing listens there." }],
    });
    expect(await findEngine({ sockets: ["/nowhere/docker.sock"] }, signal)).toEqual({
      reasons: [{ where: "/nowhere/docker.sock", reason: "There is no such socket." }],
    });
    expect(await findEngine({ dockerHost: "ssh://host" }, signal)).toMatchObject({
      reasons: [{ where: "DOCKER_HOST", reason: expect.stringContaining("ssh://") }],
    });
  });
});
