import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";

/** A name that no other test, and no other run, uses. */
export function uniqueName(what: string): string {
  return `berth-test-${what}-${randomBytes(4).toString("hex")}`;
}

/** Runs Docker's own client and answers what it printed; throws with what it complained of. */
export async function docker(args: readonly string[], options: { input?: string } = {}): Promise<string> {
  const child = spawn("docker", args, { stdio: ["pipe", "pipe", "pipe"] });
  const status = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  // Who ends before it has read its input says so with its status.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const [output, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), status]);
  if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${complaint.trim()}`);
  return output.trim();
}

export type EngineObjects = { containers: string[]; volumes: string[]; networks: string[] };

/** Names of what exists on the engine with this label (`key` or `key=value`), running or not. */
export async function objectsWithLabel(label: string): Promise<EngineObjects> {
  const filter = ["--filter", `label=${label}`];
  const [containers, volumes, networks] = await Promise.all([
    docker(["ps", "--all", ...filter, "--format", "{{.Names}}"]),
    docker(["volume", "ls", ...filter, "--format", "{{.Name}}"]),
    docker(["network", "ls", ...filter, "--format", "{{.Name}}"]),
  ]);
  const lines = (output: string) => output.split("\n").filter(Boolean);
  return { containers: lines(containers), volumes: lines(volumes), networks: lines(networks) };
}

/** Fails when anything with this label is still on the engine. */
export async function expectNothingLeft(label: string): Promise<void> {
  const { containers, volumes, networks } = await objectsWithLabel(label);
  const left = [...containers, ...volumes, ...networks];
  if (left.length > 0) throw new Error(`Left behind on the engine: ${left.join(", ")}.`);
}
