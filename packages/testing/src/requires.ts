import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe } from "vitest";

/** Things outside of npm that a group of tests may need; how each is looked for stands beside it. */
const probes = {
  docker: () => answers("docker", ["version", "--format", "{{.Server.Version}}"]),
  root: () => process.getuid?.() === 0,
  awscli: () => existsSync("/usr/bin/aws"),
  skopeo: () => existsSync("/usr/bin/skopeo"),
  distribution: () => existsSync("/usr/bin/docker-registry"),
} as const;

export type Need = keyof typeof probes;

const known = new Map<Need, boolean>();

function has(need: Need): boolean {
  const answer = known.get(need) ?? probes[need]();
  known.set(need, answer);
  return answer;
}

function answers(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore", timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * A `describe` that runs only where these things are. Elsewhere the group is skipped with the reason in its name, unless
 * BERTH_REQUIRE_ALL is set (as `npm test` does with CI=true): then it fails.
 */
export function requires(...needs: Need[]): (name: string, body: () => void) => void {
  const missing = needs.filter((need) => !has(need));
  if (missing.length === 0) return (name, body) => void describe(name, body);
  const reason = `needs ${missing.join(", ")}`;
  if (process.env.BERTH_REQUIRE_ALL) {
    return (name) => {
      throw new Error(`"${name}" ${reason}, and with BERTH_REQUIRE_ALL nothing may be skipped.`);
    };
  }
  return (name, body) => void describe.skip(`${name} (${reason})`, body);
}
