import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { sandboxEnvironment } from "./child-environment.ts";
import { loopbackPort } from "./ports.ts";
import { type SupervisedProcess, type SupervisionEvents, supervise } from "./supervised-process.ts";

/** What the sandbox AWS says of itself when it listens. */
export type SandboxReady = {
  /** `127.0.0.1:PORT`. */
  host: string;
  /** The registry's name as on AWS. */
  registry: string;
  accessKeyId: string;
  secretAccessKey: string;
};

const program = fileURLToPath(import.meta.resolve("@berth/aws-sandbox/main"));

/** Starts the sandbox AWS on the port it had last time, so that what was pulled from it keeps its name. */
export async function startSandboxProcess(
  { dataDirectory, env }: { dataDirectory: string; env: NodeJS.ProcessEnv },
  events: SupervisionEvents,
  signal: AbortSignal,
): Promise<SupervisedProcess<SandboxReady>> {
  const folder = path.join(dataDirectory, "sandbox");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const portFile = path.join(folder, "port");
  const remembered = Number(await readFile(portFile, "utf8").catch(() => "")) || undefined;
  const port = await loopbackPort(remembered);
  if (port !== remembered) await writeFile(portFile, `${port}\n`);
  return supervise(
    {
      name: "The sandbox AWS",
      args: [program, "--data-dir", folder, "--listen", "127.0.0.1", "--port", String(port)],
      env: sandboxEnvironment(env),
      logFile: path.join(dataDirectory, "logs", "sandbox.log"),
      readiness: sandboxReadiness,
    },
    events,
    signal,
  );
}

const labels = {
  Registry: "registry",
  Endpoint: "host",
  "Access key ID": "accessKeyId",
  "Secret access key": "secretAccessKey",
} as const;

/** Reads the lines that the sandbox prints when it listens. */
export function sandboxReadiness(): (line: string) => { isPrivate: boolean; ready?: SandboxReady } {
  const said: Partial<SandboxReady> = {};
  return (line) => {
    const [, label = "", value = ""] = /^([A-Z][A-Za-z ]+): (.*)$/.exec(line) ?? [];
    const field = Object.hasOwn(labels, label) ? labels[label as keyof typeof labels] : undefined;
    if (field === undefined) return { isPrivate: false };
    said[field] = field === "host" ? value.replace(/^https?:\/\//, "") : value;
    const { host, registry, accessKeyId, secretAccessKey } = said;
    if (!host || !registry || !accessKeyId || !secretAccessKey) return { isPrivate: true };
    return { isPrivate: true, ready: { host, registry, accessKeyId, secretAccessKey } };
  };
}
