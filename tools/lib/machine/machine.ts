import { existsSync, readFileSync } from "node:fs";
import { type Distribution, parseDistribution } from "./distribution.ts";

export type Machine = {
  distribution: Distribution;
  isRoot: boolean;
  /** Root on a Debian or one of its kin: missing programs can be installed. */
  canInstall: boolean;
  hasSystemd: boolean;
};

export function readMachine(): Machine {
  const file = ["/etc/os-release", "/usr/lib/os-release"].find(existsSync);
  const distribution = parseDistribution(file ? readFileSync(file, "utf8") : "");
  const isRoot = process.getuid?.() === 0;
  return {
    distribution,
    isRoot,
    canInstall: isRoot && distribution.isDebianLike && existsSync("/usr/bin/apt-get"),
    hasSystemd: existsSync("/run/systemd/system"),
  };
}
