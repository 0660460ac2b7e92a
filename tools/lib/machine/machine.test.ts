import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { aptPhase } from "./apt.ts";
import { parseDistribution } from "./distribution.ts";
import { endProcess, identify, isRunning, parseStat } from "./processes.ts";

describe("parseDistribution", () => {
  test.each([
    ['ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12"', "debian", "bookworm", true],
    ["ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble", "ubuntu", "noble", true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', "linuxmint", "", true],
    ["ID=fedora\nVERSION_ID=42", "fedora", "", false],
    ["", "unknown", "", false],
  ])("reads %j", (osRelease, id, codename, isDebianLike) => {
    expect(parseDistribution(osRelease)).toEqual({ id, codename, isDebianLike });
  });
});

test.each([
  ["Get:3 http://deb.debian.org/debian bookworm/main amd64 skopeo amd64 1.9.3 [7,000 kB]", "downloading"],
  ["Unpacking docker.io (20.10.24+dfsg1-1) ...", "unpacking docker.io"],
  ["Setting up containerd (1.6.20) ...", "setting up containerd"],
  ["Reading package lists...", "reading package lists"],
])("aptPhase shortens %j", (line, words) => {
  expect(aptPhase(line)).toContain(words);
});

describe("processes", () => {
  test("a name with parentheses and spaces does not confuse the reading of /proc/PID/stat", () => {
    const after = ["S", ...Array.from({ length: 18 }, (_, index) => String(index)), "4711", "0"].join(" ");
    expect(parseStat(7, `7 (a) b (c)) ${after}`)).toEqual({ pid: 7, startTicks: "4711" });
  });

  test("a process that has ended but was not waited for does not run", () => {
    expect(parseStat(7, `7 (sh) Z ${"0 ".repeat(30)}`)).toBeUndefined();
  });

  test("another process of the same number is not taken for the first", () => {
    const self = identify(process.pid)!;
    expect(isRunning(self)).toBe(true);
    expect(isRunning({ ...self, startTicks: "1" })).toBe(false);
  });

  test("endProcess kills what does not end when asked", async () => {
    const deaf = spawn("sh", ["-c", "trap '' TERM; echo up; while :; do sleep 0.05; done"]);
    await once(deaf.stdout, "data");
    const ended = once(deaf, "exit");
    await endProcess(deaf.pid!, { graceMs: 50 });
    expect((await ended)[1]).toBe("SIGKILL");
  });
});
