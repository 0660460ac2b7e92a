import { describe, expect, it } from "vitest";
import { chooseDirectory } from "./identity.ts";
import { findPasswdEntry } from "./passwd.ts";
import { chooseShell, OWN_SHELL } from "./shell.ts";

const has =
  (...files: string[]) =>
  (file: string) =>
    files.includes(file);

describe("the login shell", () => {
  it.each([
    ["/usr/bin/fish", has("/usr/bin/fish", "/bin/bash"), "/usr/bin/fish"],
    ["/usr/bin/fish", has("/bin/bash", "/bin/sh"), "/bin/bash"],
    ["/usr/sbin/nologin", has("/usr/sbin/nologin", "/bin/sh"), "/bin/sh"],
    ["/bin/false", has("/bin/false"), OWN_SHELL],
    ["bash", has("bash", "/bin/sh"), "/bin/sh"],
    ["", has("/bin/bash"), "/bin/bash"],
    [undefined, has("/bin/sh"), "/bin/sh"],
    [undefined, has(), OWN_SHELL],
  ])("of a user with %s", (own, isExecutable, expected) => {
    expect(chooseShell(own, isExecutable)).toBe(expected);
  });
});

describe("the working directory", () => {
  it.each([
    ["/srv/app", "/home/dev", has("/home/dev"), "/srv/app"],
    ["/", "/home/dev", has("/home/dev"), "/home/dev"],
    ["/", "/home/dev", has(), "/"],
  ])("of WORKDIR %s", (cwd, home, exists, expected) => {
    expect(chooseDirectory(cwd, home, exists)).toBe(expected);
  });
});

describe("passwd", () => {
  const text = [
    "# users",
    "root:x:0:0:root:/root:/bin/bash",
    "broken",
    "dev:x:1000:1001::/home/dev:/bin/zsh ",
    "x:y:z",
  ];
  it("gives the entry of a uid", () => {
    const expected = { name: "dev", uid: 1000, gid: 1001, home: "/home/dev", shell: "/bin/zsh" };
    expect(findPasswdEntry(text.join("\n"), 1000)).toEqual(expected);
    expect(findPasswdEntry(text.join("\n"), 0)?.name).toBe("root");
  });
  it("has none for an unknown uid, and none at all in an empty image", () => {
    expect(findPasswdEntry(text.join("\n"), 4242)).toBeUndefined();
    expect(findPasswdEntry("", 0)).toBeUndefined();
  });
});
