import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { locateTestEngine } from "./testing/test-engine.ts";
import { type Fixture, failureOf, openFixture } from "./testing/workspace-fixture.ts";

const engine = await locateTestEngine();
const { signal } = new AbortController();

const passwd = {
  name: "etc/passwd",
  body: "root::0:0:root:/root:/bin/sh\ndev:x:1000:1001:Dev:/home/dev:/bin/sh\nother:x:2000:2000::/home/dev:/bin/sh\n",
};
const group = { name: "etc/group", body: "root:x:0:\ndev:x:1001:\nother:x:2000:\nstaff:x:50:dev\n" };
const root = { name: "root/", type: "directory" as const, mode: 0o700 };
const devHome = [
  { name: "home/", type: "directory" as const, mode: 0o755 },
  { name: "home/dev/", type: "directory" as const, mode: 0o750, uid: 1000, gid: 1001 },
  { name: "home/dev/.profile", body: "seeded", mode: 0o640, uid: 1000, gid: 1001 },
];
const whoAndWhere = "id -u; id -g; echo $HOME; stat -Lc '%u:%g %a' $HOME; touch $HOME/probe && echo writable";

describe.skipIf(!engine)("a workspace's user and home", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await openFixture(engine!);
  });
  afterAll(() => fixture.close());

  const started = async (files: Parameters<Fixture["publish"]>[0]) => {
    const spec = fixture.specOf(await fixture.publish(files));
    await fixture.apply(spec);
    return spec;
  };

  it.each([
    ["root, with root's home", { entries: [passwd, root] }, "0\n0\n/root\n0:0 700\nwritable"],
    [
      "a named user, whose seeded home keeps its mode",
      { user: "dev", entries: [passwd, group, ...devHome] },
      "1000\n1001\n/home/dev\n1000:1001 750\nwritable",
    ],
    [
      "a user with another group",
      { user: "dev:staff", entries: [passwd, group, ...devHome] },
      "1000\n50\n/home/dev\n1000:50 750\nwritable",
    ],
    ["a number without an entry", { user: "4321", entries: [passwd] }, "4321\n0\n/home/berth\n4321:0 755\nwritable"],
    [
      "a number and a group in an image without /etc and /home",
      { user: "4321:77", entries: [] },
      "4321\n77\n/home/berth\n4321:77 755\nwritable",
    ],
    [
      "a user whose home the image does not have",
      { user: "other", entries: [passwd, group] },
      "2000\n2000\n/home/dev\n2000:2000 755\nwritable",
    ],
    [
      "the HOME the image sets",
      { user: "dev", env: ["HOME=/workspace"], entries: [passwd, group] },
      "1000\n1001\n/workspace\n1000:1001 755\nwritable",
    ],
    [
      "a home that is a symbolic link",
      {
        user: "dev",
        entries: [
          passwd,
          group,
          { name: "data/", type: "directory" as const },
          { name: "data/dev/", type: "directory" as const, uid: 1000, gid: 1001, mode: 0o755 },
          { name: "home/", type: "directory" as const },
          { name: "home/dev", type: "symlink" as const, linkname: "../data/dev" },
        ],
      },
      "1000\n1001\n/home/dev\n1000:1001 755\nwritable",
    ],
  ])("are those of %s", async (_, files, expected) => {
    const spec = await started(files);
    expect(await fixture.test.run(spec.workspaceId, whoAndWhere)).toBe(expected);
  });

  it("follows /etc/passwd where it is a link", async () => {
    const spec = await started({
      user: "dev",
      entries: [
        group,
        { name: "usr/lib/passwd", body: passwd.body },
        { name: "etc/passwd", type: "symlink", linkname: "../usr/lib/passwd" },
        ...devHome,
      ],
    });
    expect(await fixture.test.run(spec.workspaceId, "id -un; echo $HOME")).toBe("dev\n/home/dev");
  });

  it.each([
    ["a user", "nobody-here"],
    ["a group", "dev:nothing-here"],
  ])("are refused when the image names %s that it does not have", async (_, user) => {
    const spec = fixture.specOf(await fixture.publish({ user, entries: [passwd, group, ...devHome] }));
    const refused = await failureOf(fixture.apply(spec));
    expect(refused.code).toBe("IMAGE_USER_UNKNOWN");
    expect(refused.message).toContain(user.split(":").at(-1));
    expect(await fixture.test.leftovers(spec.workspaceId)).toEqual([]);
    expect(await fixture.test.containersOf(`berth.installation=${fixture.installationId}`)).not.toContainEqual(
      expect.objectContaining({ State: "created" }),
    );
  });

  it("stay when the image's user changes: home goes to the new user, files keep their owners", async () => {
    const spec = await started({ user: "dev", entries: [passwd, group, ...devHome] });
    await fixture.test.run(spec.workspaceId, "echo mine > ~/note; chmod 711 ~");
    const other = await fixture.publish({ user: "other", entries: [passwd, group] });
    const events = await fixture.apply({ ...spec, revision: "2", image: other });
    expect(
      await fixture.test.run(spec.workspaceId, `stat -c '%u:%g %a' ~; stat -c %u ~/note; cat ~/note; cat ~/.profile`),
    ).toBe("2000:2000 711\n1000\nmine\ncat: can't open '/home/dev/.profile': Permission denied");
    expect(events).toContainEqual(expect.objectContaining({ type: "log", step: "home", level: "warning" }));

    // Back again, by a process that has not seen any of it.
    await fixture.apply({ ...spec, revision: "3" }, {}, fixture.providerFor());
    expect(await fixture.test.run(spec.workspaceId, "stat -c '%u:%g %a' ~; cat ~/.profile")).toBe(
      "1000:1001 711\nseeded",
    );
  });

  it("keep what the image declares a volume inside home, and leave no anonymous volume behind", async () => {
    const spec = await started({
      user: "dev",
      volumes: ["/home/dev/cache", "/data"],
      entries: [
        passwd,
        group,
        ...devHome,
        { name: "home/dev/cache/", type: "directory", uid: 1000, gid: 1001 },
        { name: "data/", type: "directory", mode: 0o777 },
      ],
    });
    await fixture.test.run(spec.workspaceId, "echo kept > ~/cache/note; echo lost > /data/note");
    const anonymous = await fixture.test.anonymousVolumes(spec.workspaceId);
    expect(anonymous).toHaveLength(1);
    await fixture.provider.stop(spec.workspaceId, signal);
    await fixture.apply(spec);
    expect(await fixture.test.run(spec.workspaceId, "cat ~/cache/note; ls /data")).toBe("kept");
    await fixture.provider.remove(spec.workspaceId, signal);
    expect(await fixture.test.leftovers(spec.workspaceId)).toEqual([]);
    const volumes = (await fixture.test.docker.listVolumes()).Volumes.map(({ Name }) => Name);
    expect(volumes).not.toContain(anonymous[0]);
  });
});
