import { describe, expect, it } from "vitest";
import { homeDirectory } from "./home-directory.ts";

const home = (envHome: string | undefined, passwdHome?: string) => homeDirectory({ envHome, passwdHome }, "/.berth");

describe("home", () => {
  it.each([
    ["/home/dev", "/home/dev"],
    ["/root", "/root"],
    ["/workspace/", "/workspace"],
    ["/var/lib/postgresql", "/var/lib/postgresql"],
    ["/home/../home/dev//", "/home/dev"],
    ["/home/Ünï", "/home/Ünï"],
  ])("may be %s", (candidate, expected) => {
    expect(home(undefined, candidate)).toBe(expected);
    expect(home(candidate, "/home/other")).toBe(expected);
  });

  it.each([
    "/",
    "",
    "relative",
    "/home",
    "/nonexistent",
    "/usr",
    "/usr/sbin",
    "/dev",
    "/etc/../etc",
    "/bin/",
    "/tmp",
    "/var",
    "/proc/self",
    "/.berth",
    "/.berth/run",
    "/home/a\nb",
    "/home/a:b",
    `/${"x".repeat(2000)}`,
  ])("is never %j", (candidate) => {
    expect(home(undefined, candidate)).toBe("/home/berth");
    expect(home(candidate, "/home/dev")).toBe("/home/dev");
  });

  it("is /home/berth when the image names none", () => {
    expect(home(undefined)).toBe("/home/berth");
  });
});
