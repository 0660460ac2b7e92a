import { lastLine, runCommand } from "../run-command.ts";

export type AptProgress = (words: string) => void;

const options = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0"];

let last: Promise<unknown> = Promise.resolve();
let isUpdated = false;

/** Installs Debian packages without a question asked; as root. Calls take turns, as apt's own locks want it. Throws one sentence. */
export async function aptInstall(
  packages: readonly string[],
  progress: AptProgress,
  signal: AbortSignal,
): Promise<void> {
  const turn = last.then(() => install(packages, progress, signal));
  last = turn.catch(() => undefined);
  await turn;
}

async function install(packages: readonly string[], progress: AptProgress, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const apt = async (...args: string[]) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
    return runCommand("apt-get", [...options, ...args], { env, signal, onLine: (line) => progress(aptPhase(line)) });
  };
  // A stale or empty index is the rule on a fresh machine. Should the update fail, the index may still be good enough.
  const update = isUpdated ? undefined : await apt("update", "-qq");
  isUpdated ||= update?.status === 0;
  const { status, output } = await apt("install", "-y", "--no-install-recommends", ...packages);
  signal.throwIfAborted();
  if (status === 0) return;
  const words = lastLine(isUpdated ? output : (update?.output ?? output));
  throw new Error(`apt-get could not install ${packages.join(", ")} (${words}): install them and start again.`);
}

/** Shortens a line of apt's to what is going on. */
export function aptPhase(line: string): string {
  const match = /^(Get:\d+|Unpacking|Setting up|Selecting)\s+(?:\S+:\/\/\S+ \S+ \S+ )?(\S+)/.exec(line);
  if (!match) return "reading package lists";
  const verbs: Record<string, string> = { Unpacking: "unpacking", "Setting up": "setting up", Selecting: "unpacking" };
  return `${verbs[match[1] ?? ""] ?? "downloading"} ${match[2]?.replace(/:.*$/, "") ?? ""}`;
}
