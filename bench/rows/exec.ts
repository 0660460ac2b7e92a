import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Installation } from "../../e2e/lib/installation.ts";
import type { Row } from "../lib/row.ts";
import { figure, summarize } from "../lib/stats.ts";

const megabytes = 400;
const rounds = 5;
const berth = fileURLToPath(new URL("../../apps/cli/bin/berth", import.meta.url));

type Pipe = { command: string; args: string[]; env?: NodeJS.ProcessEnv };

function start({ command, args, env }: Pipe, stdio: ("pipe" | "ignore" | "inherit")[]): ChildProcess {
  return spawn(command, args, { stdio, env: env ?? process.env });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`ended with ${code}`))));
  });
}

/** MB/s from a command inside to the pipe behind the client. */
async function down(pipe: Pipe): Promise<number> {
  const script = `head -c ${megabytes}M /dev/zero`;
  const child = start({ ...pipe, args: [...pipe.args, "sh", "-c", script] }, ["ignore", "pipe", "inherit"]);
  let [bytes, first] = [0, 0];
  child.stdout?.on("data", (chunk: Buffer) => {
    first ||= performance.now();
    bytes += chunk.length;
  });
  await ended(child);
  if (bytes !== megabytes * 1024 ** 2) throw new Error(`${bytes} bytes arrived`);
  return bytes / 1e6 / ((performance.now() - first) / 1000);
}

/** MB/s from a pipe before the client to a command inside. */
async function up(pipe: Pipe): Promise<number> {
  const child = start({ ...pipe, args: [...pipe.args, "sh", "-c", "echo ready; wc -c"] }, ["pipe", "pipe", "inherit"]);
  let answer = "";
  const ready = Promise.withResolvers<void>();
  child.stdout?.on("data", (chunk: Buffer) => {
    answer += chunk.toString();
    if (answer.includes("ready")) ready.resolve();
  });
  const end = ended(child);
  await ready.promise;
  const started = performance.now();
  const source = spawn("head", ["-c", `${megabytes}M`, "/dev/zero"], { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdin) source.stdout.pipe(child.stdin);
  await end;
  if (!answer.includes(String(megabytes * 1024 ** 2))) throw new Error(`the other end counted ${answer}`);
  return (megabytes * 1024 ** 2) / 1e6 / ((performance.now() - started) / 1000);
}

async function compare(
  id: string,
  what: string,
  measure: (pipe: Pipe) => Promise<number>,
  [ours, theirs]: [Pipe, Pipe],
  goal: number,
): Promise<Row> {
  const [mine, rival]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    mine.push(await measure(ours));
    rival.push(await measure(theirs));
  }
  const [summary, other] = [summarize(mine), summarize(rival)];
  return {
    id,
    what,
    beside: "docker exec, piped",
    unit: "MB/s",
    berth: summary,
    rival: other,
    result: `${figure(summary.median)} MB/s, ${figure(summary.median / other.median)} ×`,
    goal: `≥ ${goal} MB/s`,
    isMet: summary.median >= goal,
  };
}

/** How fast bytes go through `berth exec` without a terminal, both ways. */
export async function measureExec(): Promise<Row[]> {
  const installation = await Installation.start({ images: { "team/base:1": "berth-test/debian:1" } });
  try {
    const { images } = await installation.importImages(["team/base:1"], { cpu: 2, memoryGb: 1, diskGb: 1 });
    const client = await installation.client();
    const { id } = await client.createWorkspace({ body: { name: "pipe", imageId: images[0]?.id ?? "" } });
    while ((await client.getWorkspace({ params: { workspaceId: id } })).status !== "running") {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const [container = ""] = (await installation.engineObjects()).containers;
    const env = { ...process.env, BERTH_URL: installation.url, BERTH_TOKEN: await installation.adminToken };
    const pipes: [Pipe, Pipe] = [
      { command: berth, args: ["exec", "pipe", "--"], env },
      { command: "docker", args: ["exec", "-i", container] },
    ];
    return [
      await compare("exec-down", `exec stream, ${megabytes} MiB out of the workspace`, down, pipes, 100),
      await compare("exec-up", `exec stream, ${megabytes} MiB into the workspace`, up, pipes, 50),
    ];
  } finally {
    await installation.close();
  }
}
