import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { locateTestEngine } from "./testing/test-engine.ts";
import { type Fixture, failureOf, openFixture } from "./testing/workspace-fixture.ts";

const engine = await locateTestEngine();
const { signal } = new AbortController();
const entries = [
  { name: "etc/passwd", body: "root::0:0:root:/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/sh\n" },
  { name: "etc/group", body: "root:x:0:\ndev:x:1000:\n" },
  { name: "home/dev/", type: "directory" as const, uid: 1000, gid: 1000 },
  { name: "work/", type: "directory" as const, mode: 0o777 },
];

describe.skipIf(!engine)("a workspace's container", () => {
  let fixture: Fixture;
  let image: Awaited<ReturnType<Fixture["publish"]>>;
  beforeAll(async () => {
    fixture = await openFixture(engine!);
    image = await fixture.publish({
      user: "dev",
      workdir: "/work",
      env: ["NODE_OPTIONS=--max-old-space-size=100", "LD_PRELOAD=/nothing.so", "EDITOR=vi"],
      entries,
    });
  });
  afterAll(() => fixture.close());

  it("is held to its CPU, memory and process limits by the kernel", async () => {
    const spec = fixture.specOf(image, { resources: { cpus: 0.5, memoryBytes: 64 * 2 ** 20, diskBytes: 2 ** 30 } });
    await fixture.apply(spec);
    const read = (v2: string, v1: string) =>
      fixture.test.run(spec.workspaceId, `cat /sys/fs/cgroup/${v2} 2>/dev/null || cat /sys/fs/cgroup/${v1}`);
    expect(await read("memory.max", "memory/memory.limit_in_bytes")).toBe(String(64 * 2 ** 20));
    expect(await read("cpu.max", "cpu/cpu.cfs_quota_us")).toMatch(/^50000( 100000)?$/);
    expect(await read("pids.max", "pids/pids.max")).toBe("4096");
    // What a limit is for: `tail` has to hold 150 MB to show the last of them.
    const greedy = "/bin/busybox head -c 200000000 /dev/zero | /bin/busybox tail -c 150000000 | /bin/busybox wc -c";
    expect(await fixture.test.run(spec.workspaceId, greedy)).not.toContain("150000000");
  });

  it("says so when the engine has not that many CPUs", async () => {
    const spec = fixture.specOf(image, { resources: { cpus: 4096, memoryBytes: 64 * 2 ** 20, diskBytes: 2 ** 30 } });
    expect((await failureOf(fixture.apply(spec))).code).toBe("RESOURCES_UNAVAILABLE");
    expect(await fixture.test.leftovers(spec.workspaceId)).toEqual([]);
  });

  it("lets a set-uid program such as sudo gain privileges", async () => {
    const spec = fixture.specOf(image);
    await fixture.apply(spec);
    expect(await fixture.test.run(spec.workspaceId, "su root -c 'id -u'; id -u")).toBe("0\n1000");
  });

  it("has the image's environment and working directory, the agent's variables, and NODE_ and LD_ kept for later", async () => {
    const spec = fixture.specOf(image, { env: { EXTRA: "more" }, name: "My Überbox!" });
    await fixture.apply(spec);
    const { Config } = await fixture.test.inspect(spec.workspaceId);
    expect(Config.Env).toEqual(
      expect.arrayContaining([
        "EDITOR=vi",
        "EXTRA=more",
        "LANG=C.UTF-8",
        "HOME=/home/dev",
        "NODE_OPTIONS=",
        "LD_PRELOAD=",
        "BERTH_AGENT_URL=ws://server",
        "BERTH_AGENT_TOKEN=secret",
        `BERTH_AGENT_RESTORE_ENV=${JSON.stringify({ NODE_OPTIONS: "--max-old-space-size=100", LD_PRELOAD: "/nothing.so" })}`,
      ]),
    );
    expect(Config.WorkingDir).toBe("/work");
    expect(await fixture.test.run(spec.workspaceId, "/bin/busybox hostname; pwd")).toBe("my-berbox\n/work");
  });

  it("sees the agent and the server's socket, and can change neither", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "berth-socket-"));
    const server = net.createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(path.join(directory, "agent.sock"), resolve));
    const spec = fixture.specOf(image, {
      agent: { url: "ws+unix:///.berth/run/agent.sock", token: "secret", socketDirectory: directory },
    });
    await fixture.apply(spec);
    const asRoot = (command: string) => fixture.test.run(spec.workspaceId, command, "0");
    expect(await asRoot("test -S /.berth/run/agent.sock && echo there")).toBe("there");
    expect(await asRoot("touch /.berth/bin/evil; touch /.berth/run/evil")).toBe(
      "touch: /.berth/bin/evil: Read-only file system\ntouch: /.berth/run/evil: Read-only file system",
    );
    await fixture.provider.remove(spec.workspaceId, signal);
    server.close();
    await rm(directory, { recursive: true });
  });

  it("ends by TERM when it is stopped, not by force", async () => {
    const spec = fixture.specOf(image);
    await fixture.apply(spec);
    const ended: string[] = [];
    const events = await fixture.test.docker.getEvents({
      filters: { label: [`berth.workspace=${spec.workspaceId}`], event: ["die"] },
    });
    events.on("data", (chunk) => ended.push(JSON.parse(String(chunk)).Actor.Attributes.exitCode));
    await fixture.provider.stop(spec.workspaceId, signal);
    await expect.poll(() => ended).toEqual(["0"]);
    (events as unknown as { destroy(): void }).destroy();
  });

  it("leaves a stranger's container of the same name alone", async () => {
    const spec = fixture.specOf(image);
    await fixture.apply(spec);
    const name = (await fixture.test.inspect(spec.workspaceId)).Name.slice(1);
    await fixture.provider.stop(spec.workspaceId, signal);
    const stranger = await fixture.test.docker.createContainer({ name, Image: image.imageId, Cmd: ["none"] });
    const refused = await failureOf(fixture.apply(spec));
    expect(refused).toMatchObject({ code: "ENGINE_FAILED", fix: `Rename or remove it: docker rm ${name}` });
    await stranger.inspect();
    await stranger.remove();
  });

  it("takes the place of what a killed server left half-made", async () => {
    const spec = fixture.specOf(image);
    await fixture.apply(spec);
    const { Name, Config } = await fixture.test.inspect(spec.workspaceId);
    await fixture.provider.stop(spec.workspaceId, signal);
    await fixture.test.docker.createContainer({
      name: Name.slice(1),
      Image: image.imageId,
      Cmd: ["none"],
      Labels: Config.Labels,
    });
    expect((await fixture.provider.observe(spec.workspaceId, signal)).state).toBe("starting");
    await fixture.apply(spec);
    expect((await fixture.provider.observe(spec.workspaceId, signal)).state).toBe("running");
    expect(await fixture.test.containersOf(`berth.workspace=${spec.workspaceId}`)).toHaveLength(1);
  });
});
