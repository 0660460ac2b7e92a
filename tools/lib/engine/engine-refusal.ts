import type { Machine } from "../machine/machine.ts";

export type EngineFacts = {
  /** Why no engine answered, by place. */
  reasons: readonly { where: string; reason: string }[];
  machine: Pick<Machine, "canInstall" | "hasSystemd" | "isRoot" | "distribution">;
  /** Whether DOCKER_HOST names the engine to use. */
  isOrdered: boolean;
};

/** The sentence when no engine answers and this process should not start one; undefined when it should. */
export function engineRefusal({ reasons, machine, isOrdered }: EngineFacts): string | undefined {
  if (isOrdered) {
    const [first] = reasons;
    return `No container engine answers at ${first?.where ?? "DOCKER_HOST"} (${trimmed(first?.reason)}): mend DOCKER_HOST, or unset it to use this machine's own engine.`;
  }
  const denied = reasons.find(({ reason }) => reason.includes("may not open"));
  if (denied) {
    return `Docker runs, but this user may not open ${denied.where}: type "sudo usermod -aG docker $USER", sign out and in again, and start again.`;
  }
  if (machine.canInstall) return undefined;
  return `No container engine answers: ${installAdvice(machine)} and start again.`;
}

function installAdvice({ distribution, hasSystemd, isRoot }: EngineFacts["machine"]): string {
  const sudo = isRoot ? "" : "sudo ";
  const enable = hasSystemd ? ` && ${sudo}systemctl enable --now docker` : "";
  const group = isRoot ? "" : " && sudo usermod -aG docker $USER";
  if (distribution.isDebianLike) return `type "${sudo}apt-get install -y docker.io${enable}${group}", sign in again`;
  if (distribution.id === "fedora") return `type "${sudo}dnf install -y moby-engine${enable}${group}", sign in again`;
  return "install Docker Engine (https://docs.docker.com/engine/install/), start it";
}

function trimmed(reason: string | undefined): string {
  return (reason ?? "nothing listens there").replace(/\.$/, "");
}
