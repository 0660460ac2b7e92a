import { expect, it } from "vitest";
import { containerEnvironment, parseEnv } from "./environment.ts";

const agent = { url: "ws://server", token: "secret" };
const envOf = (imageEnv: string[], specEnv: Record<string, string> = {}) =>
  Object.fromEntries(parseEnv(containerEnvironment({ imageEnv, home: "/home/dev", specEnv, agent })));

it("keeps NODE_ and LD_ variables from the agent and hands them on", () => {
  const env = envOf(["NODE_OPTIONS=--require=/x.js", "LD_LIBRARY_PATH=/opt", "NODEJS=1"], { NODE_ENV: "test" });
  expect(env).toMatchObject({ NODE_OPTIONS: "", LD_LIBRARY_PATH: "", NODE_ENV: "" });
  expect(env).not.toHaveProperty("NODEJS");
  expect(JSON.parse(env.BERTH_AGENT_RESTORE_ENV ?? "")).toEqual({
    NODE_OPTIONS: "--require=/x.js",
    LD_LIBRARY_PATH: "/opt",
    NODE_ENV: "test",
  });
});

it("sets a UTF-8 locale only where the image sets none", () => {
  expect(envOf([]).LANG).toBe("C.UTF-8");
  for (const name of ["LANG", "LC_ALL", "LC_CTYPE"]) expect(envOf([`${name}=de_DE.UTF-8`])).not.toHaveProperty("LANG");
  expect(envOf([], { LANG: "fr_FR.UTF-8" }).LANG).toBe("fr_FR.UTF-8");
});

it("lets nothing override the agent's own variables or home", () => {
  const env = envOf(["HOME=/elsewhere"], { HOME: "/elsewhere", BERTH_AGENT_TOKEN: "stolen" });
  expect(env).toMatchObject({ HOME: "/home/dev", BERTH_AGENT_TOKEN: "secret", BERTH_AGENT_URL: "ws://server" });
});

it("reads entries with and without a value", () => {
  expect([...parseEnv(["A=b=c", "EMPTY=", "BARE"])]).toEqual([
    ["A", "b=c"],
    ["EMPTY", ""],
    ["BARE", ""],
  ]);
});
