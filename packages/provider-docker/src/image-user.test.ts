import { describe, expect, it } from "vitest";
import { resolveImageUser } from "./image-user.ts";

const passwd = `root:x:0:0:root:/root:/bin/bash
broken line
dev:x:1000:1001:Dev,,,:/home/dev:/bin/zsh
1234:x:77:78::/home/number:/bin/sh
bare:x:5:5::: `;
const group = "root:x:0:\nstaff:x:50:dev\nbroken\n";

describe("an image's user", () => {
  it.each([
    ["", { uid: 0, gid: 0, name: "root", home: "/root", shell: "/bin/bash" }],
    ["root", { uid: 0, gid: 0, name: "root", home: "/root", shell: "/bin/bash" }],
    ["dev", { uid: 1000, gid: 1001, name: "dev", home: "/home/dev", shell: "/bin/zsh" }],
    ["1000", { uid: 1000, gid: 1001, name: "dev", home: "/home/dev", shell: "/bin/zsh" }],
    ["dev:staff", { uid: 1000, gid: 50, name: "dev", home: "/home/dev", shell: "/bin/zsh" }],
    ["dev:", { uid: 1000, gid: 1001, name: "dev", home: "/home/dev", shell: "/bin/zsh" }],
    ["1000:60", { uid: 1000, gid: 60, name: "dev", home: "/home/dev", shell: "/bin/zsh" }],
    [":50", { uid: 0, gid: 50, name: "root", home: "/root", shell: "/bin/bash" }],
    ["4242", { uid: 4242, gid: 0, name: undefined, home: undefined, shell: undefined }],
    ["4242:4243", { uid: 4242, gid: 4243, name: undefined, home: undefined, shell: undefined }],
    // A name made of digits wins over the number, as it does in the engine.
    ["1234", { uid: 77, gid: 78, name: "1234", home: "/home/number", shell: "/bin/sh" }],
    ["bare", { uid: 5, gid: 5, name: "bare", home: undefined, shell: undefined }],
  ])("“%s” is found", (configUser, expected) => {
    expect(resolveImageUser(configUser, passwd, group)).toEqual(expected);
  });

  it.each(["nobody", "dev:wheel", "99999999999", "-1", "dev:99999999999"])("“%s” is refused", (configUser) => {
    expect(() => resolveImageUser(configUser, passwd, group)).toThrowError(
      expect.objectContaining({ code: "IMAGE_USER_UNKNOWN" }),
    );
  });

  it("is root in an image without /etc/passwd", () => {
    expect(resolveImageUser("", "", "")).toEqual({
      uid: 0,
      gid: 0,
      name: undefined,
      home: undefined,
      shell: undefined,
    });
  });
});
