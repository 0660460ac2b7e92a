import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseEnvironment } from "../environment.ts";
import { readConfig, writeConfig } from "./config-file.ts";
import { parseServerUrl, requireSecure } from "./server-url.ts";

describe("the file of credentials", () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "berth-config-"));
    file = path.join(directory, "berth", "config.json");
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const config = {
    current: "https://a.example",
    servers: { "https://a.example": { token: "t", email: "a@example.com", tokenName: "cli@here" } },
  };

  test("is nothing at first, and comes back as it was written, its owner's alone", async () => {
    expect(await readConfig(file)).toEqual({ servers: {} });
    await writeConfig(file, config);
    expect(await readConfig(file)).toEqual(config);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  });

  test("is replaced in one step, made private again, and nothing is left beside it", async () => {
    await writeConfig(file, config);
    await chmod(file, 0o644);
    await writeConfig(file, { servers: {} });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(path.dirname(file))).toEqual(["config.json"]);
  });

  test.each(["{", "[]", '{"servers":{"x":{"token":""}}}'])(
    "that holds %s is said to be unreadable, and kept",
    async (text) => {
      await writeConfig(file, config);
      await writeFile(file, text);
      await expect(readConfig(file)).rejects.toMatchObject({ failure: { code: "CONFIG_UNREADABLE" } });
      expect(await readFile(file, "utf8")).toBe(text);
    },
  );

  test("that cannot be written is a sentence", async () => {
    await writeFile(path.join(directory, "berth"), "in the way");
    await expect(writeConfig(file, config)).rejects.toMatchObject({ failure: { code: "CONFIG_UNWRITABLE" } });
  });
});

describe("parseServerUrl", () => {
  test.each([
    ["http://localhost:7080", "http://localhost:7080"],
    ["http://localhost:7080/setup#token=x", "http://localhost:7080"],
    ["localhost:7080", "http://localhost:7080"],
    ["127.0.0.1:7080", "http://127.0.0.1:7080"],
    ["[::1]:7080", "http://[::1]:7080"],
    ["berth.example.com", "https://berth.example.com"],
    ["https://Berth.Example.com:443/", "https://berth.example.com"],
    ["https://user:pass@berth.example.com/x?y", "https://berth.example.com"],
  ])("understands %s as %s", (text, url) => {
    expect(parseServerUrl(text)).toBe(url);
  });

  test.each(["", "ftp://x", "http://", "https://a b", "file:///etc/passwd"])("refuses %j", (text) => {
    expect(() => parseServerUrl(text)).toThrow("is not the URL of a Berth server");
  });
});

describe("requireSecure", () => {
  test.each([
    "https://berth.example.com",
    "http://localhost:1",
    "http://a.localhost",
    "http://127.3.2.1",
    "http://[::1]:1",
  ])("lets a password go to %s", (url) => {
    expect(() => requireSecure(url, false)).not.toThrow();
  });

  test.each([
    "http://berth.example.com",
    "http://10.0.0.1",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
  ])("keeps a password from %s unless told otherwise", (url) => {
    expect(() => requireSecure(url, false)).toThrow("not encrypted");
    expect(() => requireSecure(url, true)).not.toThrow();
  });
});

describe("parseEnvironment", () => {
  test("takes a variable before its file, and ignores a relative configuration directory", () => {
    const variables = { BERTH_TOKEN: "t", BERTH_TOKEN_FILE: "/nowhere", BERTH_URL: "", XDG_CONFIG_HOME: "relative" };
    expect(parseEnvironment(variables, "/home/ada")).toMatchObject({
      token: "t",
      url: undefined,
      configFile: "/home/ada/.config/berth/config.json",
    });
    expect(parseEnvironment({ XDG_CONFIG_HOME: "/xdg" }, "/home/ada").configFile).toBe("/xdg/berth/config.json");
  });

  test("says which file cannot be read", () => {
    expect(() => parseEnvironment({ BERTH_TOKEN_FILE: "/nowhere/token" }, "/")).toThrow(
      "BERTH_TOKEN_FILE names a file that cannot be read: /nowhere/token (ENOENT).",
    );
  });
});
