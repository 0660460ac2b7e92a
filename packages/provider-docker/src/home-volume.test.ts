import { describe, expect, it } from "vitest";
import { checkHomeVolume, planOwnership } from "./home-volume.ts";
import type { ImageFacts } from "./read-image.ts";

const facts = (homeOwnership: ImageFacts["homeOwnership"]): ImageFacts => ({
  user: { uid: 1000, gid: 100, name: "dev", home: "/home/dev", shell: undefined },
  home: "/home/dev",
  homeTarget: "/home/dev",
  homeOwnership,
});

describe("whose home is", () => {
  it.each([
    ["new and the image's user's", { kind: "new" }, { uid: 1000, gid: 100, mode: 0o750 }, "right"],
    ["new and root's", { kind: "new" }, { uid: 0, gid: 0, mode: 0o750 }, { uid: 1000, gid: 100, mode: 0o750 }],
    ["new and not in the image", { kind: "new" }, undefined, { uid: 1000, gid: 100, mode: 0o755 }],
    ["known to be right", { kind: "known", uid: 1000, gid: 100 }, undefined, "right"],
    ["known to be another user's", { kind: "known", uid: 2000, gid: 100 }, undefined, "look"],
    ["not known", { kind: "unknown" }, { uid: 1000, gid: 100, mode: 0o750 }, "look"],
  ] as const)("when it is %s", (_, state, ownership, expected) => {
    expect(planOwnership(state, facts(ownership))).toEqual(expected);
  });
});

it("never takes a volume that somebody else made", () => {
  const Labels = { "berth.installation": "i", "berth.kind": "home", "berth.workspace": "w" };
  checkHomeVolume(undefined, "i", "w");
  checkHomeVolume({ Name: "v", Labels }, "i", "w");
  for (const other of [null, {}, { ...Labels, "berth.installation": "other" }, { ...Labels, "berth.workspace": "x" }]) {
    expect(() => checkHomeVolume({ Name: "v", Labels: other }, "i", "w")).toThrowError(
      expect.objectContaining({ code: "ENGINE_FAILED", fix: expect.stringContaining("docker volume rm v") }),
    );
  }
});
