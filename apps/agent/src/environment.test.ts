import { describe, expect, it } from "vitest";
import { composeEnvironment } from "./environment.ts";

const user = { user: "dev", home: "/home/dev", shell: "/bin/bash" };
const compose = (inherited: Record<string, string>, restore: Record<string, string> = {}) =>
  composeEnvironment({ ...user, inherited, restore });

describe("a workspace's environment", () => {
  it("is the image's, with the user's own", () => {
    expect(compose({ APP: "1", PATH: "/opt/bin:/bin", LANG: "de_DE.UTF-8" })).toEqual({
      ...{ APP: "1", PATH: "/opt/bin:/bin", LANG: "de_DE.UTF-8", BERTH_WORKSPACE: "true" },
      ...{ USER: "dev", LOGNAME: "dev", HOME: "/home/dev", SHELL: "/bin/bash" },
    });
  });

  it("holds nothing of the agent's", () => {
    const env = compose({
      ...{ BERTH_AGENT_TOKEN: "secret", BERTH_AGENT_URL: "ws://x", SHLVL: "1", MALLOC_ARENA_MAX: "1" },
      BERTH_AGENT_OWN_ENV: "SHLVL MALLOC_ARENA_MAX",
    });
    expect(Object.keys(env).sort()).toEqual(["BERTH_WORKSPACE", "HOME", "LANG", "LOGNAME", "PATH", "SHELL", "USER"]);
  });

  it("keeps what the image sets although the agent could have set it too", () => {
    expect(compose({ MALLOC_ARENA_MAX: "4", BERTH_AGENT_OWN_ENV: "SHLVL" })).toMatchObject({ MALLOC_ARENA_MAX: "4" });
  });

  it("has back what was blanked for the agent, and nothing blank in its place", () => {
    const env = compose({ NODE_OPTIONS: "", LD_PRELOAD: "", EMPTY: "" }, { NODE_OPTIONS: "--inspect" });
    expect(env.NODE_OPTIONS).toBe("--inspect");
    expect(env).not.toHaveProperty("LD_PRELOAD");
    expect(env.EMPTY).toBe("");
  });

  it.each([
    [{}, "C.UTF-8"],
    [{ LC_ALL: "C" }, undefined],
    [{ LC_CTYPE: "C.UTF-8" }, undefined],
    [{ LANG: "fr_FR.UTF-8" }, "fr_FR.UTF-8"],
  ])("speaks UTF-8 unless the image decides: %j", (inherited, lang) => {
    expect(compose(inherited as Record<string, string>).LANG).toBe(lang);
  });

  it("has a PATH where the image sets none", () => {
    expect(compose({}).PATH?.split(":")).toContain("/usr/local/bin");
  });
});
