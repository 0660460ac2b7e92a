import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { canRunOwnEngine, type OwnEngine, startOwnEngine } from "./testing/own-engine.ts";
import { locateTestEngine } from "./testing/test-engine.ts";
import { type Fixture, failureOf, openFixture } from "./testing/workspace-fixture.ts";

const engine = await locateTestEngine();
const { signal } = new AbortController();
const passwd = { name: "etc/passwd", body: "root:x:0:0::/root:/bin/sh\n" };
const noise = (megabytes: number) => randomBytes(megabytes * 2 ** 20);

describe.skipIf(!engine || !canRunOwnEngine())("an engine with a small disk", () => {
  let builder: Fixture;
  let own: OwnEngine;
  let provider: ReturnType<Fixture["providerFor"]>;
  beforeAll(async () => {
    // Images are made and pushed by the ordinary engine, and pulled by the small one.
    builder = await openFixture(engine!);
  });
  afterAll(() => builder.close());
  beforeEach(async () => {
    own = await startOwnEngine(64, await builder.registry.configFor(builder.registry.host));
    provider = builder.providerFor({ engine: { socketPath: own.socketPath } });
  });
  afterEach(() => own.close());

  it("says that the disk is full when an image does not fit, and takes one that does", async () => {
    const large = builder.specOf(await builder.publish({ entries: [passwd, { name: "large", body: noise(100) }] }));
    const refused = await failureOf(builder.apply(large, {}, provider));
    expect(refused).toMatchObject({ code: "DISK_FULL", fix: expect.stringContaining("Free space") });
    expect(await provider.list(signal)).toEqual([]);
    const small = builder.specOf(await builder.publish({ entries: [passwd] }));
    await builder.apply(small, {}, provider);
    expect((await provider.observe(small.workspaceId, signal)).state).toBe("running");
  });

  it("leaves no half-filled home when the image's home does not fit a second time", async () => {
    const root = [
      { name: "root/", type: "directory" as const, mode: 0o700 },
      { name: "root/large", body: noise(30) },
    ];
    const spec = builder.specOf(await builder.publish({ entries: [passwd, ...root] }));
    expect((await failureOf(builder.apply(spec, {}, provider))).code).toBe("DISK_FULL");
    expect(await provider.observe(spec.workspaceId, signal)).toEqual({ state: "absent", hasHome: false });
    expect(await provider.list(signal)).toEqual([]);
  });
});
