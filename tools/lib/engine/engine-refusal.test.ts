import { describe, expect, test } from "vitest";
import { type EngineFacts, engineRefusal } from "./engine-refusal.ts";

const debian = { id: "debian", codename: "bookworm", isDebianLike: true };
const user: EngineFacts = {
  reasons: [{ where: "/var/run/docker.sock", reason: "There is no such socket." }],
  machine: { canInstall: false, hasSystemd: true, isRoot: false, distribution: debian },
  isOrdered: false,
};

describe("engineRefusal", () => {
  test("is none for root on Debian, where an engine can be installed", () => {
    expect(engineRefusal({ ...user, machine: { ...user.machine, isRoot: true, canInstall: true } })).toBeUndefined();
  });

  test.each<[string, EngineFacts, RegExp]>([
    [
      "a user on Debian",
      user,
      /"sudo apt-get install -y docker\.io && sudo systemctl enable --now docker && sudo usermod/,
    ],
    [
      "a user on Fedora",
      { ...user, machine: { ...user.machine, distribution: { id: "fedora", codename: "", isDebianLike: false } } },
      /sudo dnf install -y moby-engine/,
    ],
    [
      "root on another distribution",
      {
        ...user,
        machine: { ...user.machine, isRoot: true, distribution: { id: "void", codename: "", isDebianLike: false } },
      },
      /install Docker Engine \(https:/,
    ],
    [
      "a user who is not in the docker group",
      { ...user, reasons: [{ where: "/var/run/docker.sock", reason: "This user may not open it; …" }] },
      /"sudo usermod -aG docker \$USER"/,
    ],
    [
      "a DOCKER_HOST that nobody answers at, even where one could be installed",
      {
        reasons: [{ where: "http://build:2375", reason: "Nothing listens there." }],
        machine: { ...user.machine, isRoot: true, canInstall: true },
        isOrdered: true,
      },
      /at http:\/\/build:2375 \(Nothing listens there\): mend DOCKER_HOST/,
    ],
  ])("tells %s what to do", (_who, facts, words) => {
    expect(engineRefusal(facts)).toMatch(words);
  });
});
