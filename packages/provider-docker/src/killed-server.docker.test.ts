import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDockerProvider } from "./docker-provider.ts";
import { locateTestEngine } from "./testing/test-engine.ts";
import { testRuntime } from "./testing/test-runtime.ts";
import { type Fixture, openFixture } from "./testing/workspace-fixture.ts";

const engine = await locateTestEngine();
const { signal } = new AbortController();
const script = fileURLToPath(new URL("testing/apply-and-die.ts", import.meta.url));

describe.skipIf(!engine)("a server killed in the middle of a start", () => {
  let fixture: Fixture;
  let image: Awaited<ReturnType<Fixture["publish"]>>;
  beforeAll(async () => {
    fixture = await openFixture(engine!);
    image = await fixture.publish({
      user: "dev",
      entries: [
        { name: "etc/passwd", body: "dev:x:1000:1000::/home/dev:/bin/sh\n" },
        { name: "home/dev/.profile", body: "seeded" },
      ],
    });
  });
  afterAll(() => fixture.close());

  it.each([
    ["inspect", 0],
    ["inspect", 40],
    ["agent", 0],
    ["agent", 40],
    ["container", 5],
    ["container", 60],
    ["start", 0],
    ["start", 100],
  ] as const)("leaves nothing that the next one does not put right (%s + %i ms)", async (step, afterMs) => {
    const installationId = fixture.install();
    const spec = fixture.specOf(image);
    const PLAN = JSON.stringify({ engine, installationId, spec, step, afterMs });
    const child = spawn(process.execPath, [script], { env: { ...process.env, PLAN }, stdio: "ignore" });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);

    // An hour later, as far as this one is concerned, so that what is left behind counts as old.
    const clock = { now: () => Date.now() + 3_600_000 };
    const next = createDockerProvider({ engine: engine!, installationId, agentRuntime: testRuntime(), clock });
    await fixture.apply(spec, {}, next);
    expect(await next.list(signal)).toMatchObject([
      { workspaceId: spec.workspaceId, observation: { state: "running", revision: "1" } },
    ]);
    expect(await fixture.test.run(spec.workspaceId, "stat -c %u ~; cat ~/.profile; touch ~/note")).toBe("1000\nseeded");
    expect(await fixture.test.containersOf(`berth.installation=${installationId}`)).toHaveLength(1);
    expect(await fixture.test.imagesOf(`berth.installation=${installationId}`)).toEqual([]);
    const volumes = await fixture.test.volumesOf(`berth.installation=${installationId}`);
    expect(volumes.map(({ Name }) => /-(home|agent)-/.exec(Name)?.[1]).sort()).toEqual(["agent", "home"]);
  });
});
