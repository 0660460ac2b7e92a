import { describe, expect, it } from "vitest";
import { agentVolumeName, containerName, helperName, homePartVolumeName, homeVolumeName, hostName } from "./names.ts";

describe("names", () => {
  it("are recognisable and never the same for two workspaces made at the same time", () => {
    const at = (workspaceId: string) => containerName("installation", { workspaceId, name: "dev" });
    const [one, two] = [at("018f2b1e-0000-7000-8000-000000000001"), at("018f2b1e-0000-7000-8000-000000000002")];
    expect(one).toMatch(/^berth-[0-9a-f]{6}-dev-[0-9a-f]{10}$/);
    expect(one.split("-").slice(0, 3)).toEqual(two.split("-").slice(0, 3));
    expect(one).not.toBe(two);
  });

  it("keep home where it is when the workspace is renamed", () => {
    expect(homeVolumeName("i", "w")).toBe(homeVolumeName("i", "w"));
    expect(homePartVolumeName("i", "w", "/a")).not.toBe(homePartVolumeName("i", "w", "/b"));
  });

  it.each(["../../etc", "Ünïcode 🚢", "a".repeat(10_000), "-", "", "x;rm -rf /", "a_b.c"])(
    "are valid for the engine whatever a workspace is called: %.20s",
    (name) => {
      const names = [
        containerName("i", { workspaceId: "w", name }),
        agentVolumeName("i", { version: name, architecture: "amd64" }, "1"),
        helperName("i", "1"),
      ];
      for (const made of names) expect(made).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,100}$/);
      expect(hostName(name)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    },
  );
});
