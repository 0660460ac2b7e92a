import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { locateTestEngine } from "./testing/test-engine.ts";
import { testRuntime } from "./testing/test-runtime.ts";
import { type Fixture, failureOf, openFixture } from "./testing/workspace-fixture.ts";

const engine = await locateTestEngine();
const { signal } = new AbortController();

describe.skipIf(!engine)("the agent's volume", () => {
  let fixture: Fixture;
  let image: Awaited<ReturnType<Fixture["publish"]>>;
  beforeAll(async () => {
    fixture = await openFixture(engine!);
    image = await fixture.publish({ entries: [{ name: "etc/passwd", body: "root:x:0:0::/root:/bin/sh\n" }] });
  });
  afterAll(() => fixture.close());

  const agentVolumes = async (installationId: string) =>
    (await fixture.test.volumesOf(`berth.installation=${installationId}`))
      .map(({ Name }) => Name)
      .filter((name) => name.includes("-agent-"));
  const counted = () => {
    let opened = 0;
    const runtime = testRuntime();
    const openTar = () => {
      opened += 1;
      return runtime.openTar();
    };
    return { runtime: testRuntime("test-1", openTar), opened: () => opened };
  };

  it("is filled once for many workspaces, by whichever process comes first", async () => {
    const installationId = fixture.install();
    const { runtime, opened } = counted();
    const [one, two] = [1, 2].map(() => fixture.providerFor({ installationId, agentRuntime: runtime }));
    await Promise.all([fixture.apply(fixture.specOf(image), {}, one), fixture.apply(fixture.specOf(image), {}, one)]);
    await fixture.apply(fixture.specOf(image), {}, two);
    expect(opened()).toBe(1);
    expect(await agentVolumes(installationId)).toHaveLength(1);
  });

  it("may be filled by two processes at once, and both their workspaces run", async () => {
    const installationId = fixture.install();
    const providers = [1, 2].map(() => fixture.providerFor({ installationId }));
    const specs = providers.map(() => fixture.specOf(image));
    await Promise.all(providers.map((provider, index) => fixture.apply(specs[index]!, {}, provider)));
    for (const { workspaceId } of specs) {
      expect((await providers[0]!.observe(workspaceId, signal)).state).toBe("running");
    }
  });

  it("is made anew when a filling ended midway", async () => {
    const installationId = fixture.install();
    const broken = testRuntime("test-1", () =>
      Readable.from(
        (async function* () {
          yield Buffer.alloc(100, "x");
          throw new Error("the file ended early");
        })(),
      ),
    );
    const failed = fixture.apply(
      fixture.specOf(image),
      {},
      fixture.providerFor({ installationId, agentRuntime: broken }),
    );
    expect((await failureOf(failed)).code).toBe("AGENT_RUNTIME_MISSING");
    expect(await agentVolumes(installationId)).toEqual([]);

    // What a process killed midway leaves: the volume, without its last file.
    const whole = fixture.providerFor({ installationId });
    await fixture.test.docker.createVolume({
      Name: `${installationId}-agent-left-behind`,
      Labels: {
        "berth.installation": installationId,
        "berth.kind": "agent",
        "berth.agent": `test-1/${testRuntime().architecture}`,
      },
    });
    const spec = fixture.specOf(image);
    await fixture.apply(spec, {}, whole);
    expect((await whole.observe(spec.workspaceId, signal)).state).toBe("running");
    const { Mounts } = await fixture.test.inspect(spec.workspaceId);
    expect(Mounts.find(({ Destination }) => Destination === "/.berth")?.Name).not.toContain("left-behind");
  });

  it("is made anew when somebody removes it behind the server's back", async () => {
    const installationId = fixture.install();
    const provider = fixture.providerFor({ installationId });
    const spec = fixture.specOf(image);
    await fixture.apply(spec, {}, provider);
    await provider.stop(spec.workspaceId, signal);
    for (const name of await agentVolumes(installationId)) await fixture.test.docker.getVolume(name).remove();
    await fixture.apply(spec, {}, provider);
    expect((await provider.observe(spec.workspaceId, signal)).state).toBe("running");
    expect(await fixture.test.containersOf(`berth.workspace=${spec.workspaceId}`)).toHaveLength(1);
  });

  it("leaves neither helper containers nor images behind", async () => {
    const installationId = fixture.install();
    await fixture.apply(fixture.specOf(image), {}, fixture.providerFor({ installationId }));
    const helpers = (await fixture.test.containersOf(`berth.installation=${installationId}`)).filter(
      ({ Labels }) => Labels["berth.kind"] === "helper",
    );
    expect(helpers).toEqual([]);
    expect(await fixture.test.imagesOf(`berth.installation=${installationId}`)).toEqual([]);
  });
});
