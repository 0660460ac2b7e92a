import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { parseConfig } from "./config.ts";

const files: Record<string, string> = { "/run/db": "postgres://berth:canary@db/berth\n" };
const parse = (env: Record<string, string>) =>
  parseConfig({
    env,
    homeDirectory: "/home/ada",
    buildDirectory: "/opt/berth/dist",
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error("ENOENT");
      return text;
    },
  });

describe("parseConfig", () => {
  test("needs nothing: one machine, loopback, a data folder below home", () => {
    const config = parse({});
    expect(config).toMatchObject({
      listen: { host: "127.0.0.1", port: 7080 },
      dataDirectory: "/home/ada/.local/share/berth",
      databaseUrl: undefined,
    });
    expect(config.accessUrl.href).toBe("http://localhost:7080/");
  });

  test("reads a setting from a file, without its final line break", () => {
    expect(parse({ BERTH_DATABASE_URL_FILE: "/run/db" }).databaseUrl?.reveal()).toBe(
      "postgres://berth:canary@db/berth",
    );
  });

  test("prints secrets as [redacted]", () => {
    const config = parse({ BERTH_DATABASE_URL_FILE: "/run/db", BERTH_SECRET_KEY: "canary" });
    for (const printed of [inspect(config), JSON.stringify(config), `${config.databaseUrl}`]) {
      expect(printed).not.toContain("canary");
      expect(printed).toContain("[redacted]");
    }
  });

  test("maps AWS accounts to a sandbox", () => {
    const endpoints = { "000000000000": { api: "http://127.0.0.1:4566", registry: "127.0.0.1:5000" } };
    const config = parse({ BERTH_AWS_ENDPOINTS: JSON.stringify(endpoints) });
    expect(config.awsEndpoints.get("000000000000")).toEqual({
      api: new URL("http://127.0.0.1:4566"),
      registry: "127.0.0.1:5000",
    });
  });

  test("tells everything that is wrong at once", () => {
    const wrong = {
      BERTH_PORT: "http",
      BERTH_URL: "localhost",
      BERTH_DATABASE_URL: "mysql://x",
      BERTH_SECRET_KEY: "a",
      BERTH_SECRET_KEY_FILE: "/run/key",
      BERTH_AWS_ENDPOINTS: '{"12":{"api":"http://x","registry":"x:1"}}',
    };
    expect(() => parse(wrong)).toThrow(
      /BERTH_PORT.*BERTH_URL.*BERTH_DATABASE_URL.*BERTH_SECRET_KEY.*BERTH_AWS_ENDPOINTS is wrong at 12/s,
    );
  });

  test.each([
    [{ BERTH_ADMIN_EMAIL: "ada@example.com" }, /go together/],
    [{ BERTH_ADMIN_EMAIL: "ada@example.com", BERTH_ADMIN_PASSWORD: "short" }, /at least 10/],
    [{ BERTH_DATABASE_URL_FILE: "/absent" }, /BERTH_DATABASE_URL_FILE names \/absent, which cannot be read/],
    [{ BERTH_AWS_ENDPOINTS: "{" }, /not JSON/],
  ])("refuses %j", (env, message) => {
    expect(() => parse(env as unknown as Record<string, string>)).toThrow(message);
  });
});
