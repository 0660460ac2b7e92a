import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { firstPromptByte } from "../../e2e/lib/exec.ts";
import { Installation } from "../../e2e/lib/installation.ts";
import type { Row } from "../lib/row.ts";
import { figure, summarize } from "../lib/stats.ts";
import { firstByteOf } from "../lib/terminal.ts";

const run = promisify(execFile);
const image = "berth-test/debian:1";
const alone = 100;
const together = 50;

type Bench = { installation: Installation; imageId: string; token: string };

/** Create a workspace through the API, wait until it runs, open a terminal, see its first byte. */
async function createToPrompt({ installation, imageId, token }: Bench, name: string): Promise<number> {
  const client = await installation.client();
  const started = performance.now();
  const created = await client.createWorkspace({ body: { name, imageId } });
  await untilRunning(installation, created.id);
  await firstPromptByte({ url: installation.url, token, workspaceId: created.id });
  return performance.now() - started;
}

/** As a client does: follows the build's log to its end. */
async function untilRunning(installation: Installation, workspaceId: string): Promise<void> {
  const client = await installation.client();
  const { latestBuild } = await client.getWorkspace({ params: { workspaceId } });
  const params = { workspaceId, buildId: latestBuild?.id ?? "" };
  for await (const entry of client.streamBuildLog({ params, query: { follow: "true" } })) {
    if (entry.type !== "build") continue;
    if (entry.build.status !== "succeeded") throw new Error(`${entry.build.status}: ${entry.build.failure?.detail}`);
  }
}

async function remove(installation: Installation, names: readonly string[]): Promise<void> {
  const client = await installation.client();
  const { items } = await client.listWorkspaces({ query: { limit: 1000 } });
  const mine = items.filter(({ name }) => names.includes(name));
  await Promise.all(mine.map(({ id }) => client.deleteWorkspace({ params: { workspaceId: id } })));
  const left = new Set(mine.map(({ id }) => id));
  while (left.size > 0) {
    const { items: rest } = await client.listWorkspaces({ query: { limit: 1000 } });
    for (const id of left) if (!rest.some((workspace) => workspace.id === id)) left.delete(id);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const rivalArgs = (name: string) => ["run", "-it", "--name", name, "--cpus", "1", "--memory", "512m", image, "bash"];

async function rivalToPrompt(name: string): Promise<number> {
  const terminal = await firstByteOf("docker", rivalArgs(name));
  await terminal.end();
  return terminal.ms;
}

const dropRivals = async (names: readonly string[]) => void (await run("docker", ["rm", "-fv", ...names]));

async function measureAlone(bench: Bench, progress: (text: string) => void): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  let failures = 0;
  for (let at = 0; at < alone; at += 1) {
    const name = `alone-${at}`;
    try {
      ours.push(await createToPrompt(bench, name));
    } catch (error) {
      failures += 1;
      progress(`${name}: ${error}`);
    }
    await remove(bench.installation, [name]);
    const rival = `berth-bench-${randomBytes(4).toString("hex")}`;
    theirs.push(await rivalToPrompt(rival));
    await dropRivals([rival]);
    if (at % 20 === 19) progress(`${at + 1} of ${alone}`);
  }
  const [berth, rival] = [summarize(ours), summarize(theirs)];
  const ratio = berth.median / rival.median;
  const tail = berth.p99 / rival.median;
  return {
    id: "create-alone",
    what: `create → first prompt byte, ${alone} in a row`,
    beside: "docker run -it",
    unit: "ms",
    berth,
    rival,
    failures,
    result: `${figure(ratio)} ×, p99 ${figure(tail)} ×, ${failures} failures`,
    goal: "≤ 1.5 ×, p99 ≤ 3 ×, 0 failures",
    isMet: ratio <= 1.5 && tail <= 3 && failures === 0,
  };
}

async function measureTogether(bench: Bench): Promise<Row> {
  const names = Array.from({ length: together }, (_, at) => `many-${at}`);
  const ours = await Promise.allSettled(names.map((name) => createToPrompt(bench, name)));
  await remove(bench.installation, names);
  const prefix = `berth-bench-${randomBytes(4).toString("hex")}`;
  const rivals = names.map((name) => `${prefix}-${name}`);
  const theirs = await Promise.all(rivals.map((name) => rivalToPrompt(name)));
  await dropRivals(rivals);
  const timings = ours.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const [berth, rival] = [summarize(timings), summarize(theirs)];
  const failures = together - timings.length;
  const ratio = berth.median / rival.median;
  return {
    id: "create-together",
    what: `the same, ${together} at once`,
    beside: `${together} × docker run -it at once`,
    unit: "ms",
    berth,
    rival,
    failures,
    result: `${figure(ratio)} ×, last one ${figure(berth.max / rival.max)} ×, ${failures} failures`,
    goal: "≤ 1.5 ×",
    isMet: ratio <= 1.5 && failures === 0,
  };
}

async function measureRestart(bench: Bench): Promise<Row> {
  const { installation, imageId, token } = bench;
  const client = await installation.client();
  await createToPrompt(bench, "cycle");
  const { items } = await client.listWorkspaces({ query: { name: "cycle" } });
  const workspaceId = items[0]?.id ?? "";
  const rival = `berth-bench-${randomBytes(4).toString("hex")}`;
  await run("docker", ["run", "-d", "--name", rival, "--cpus", "1", "--memory", "512m", image, "sleep", "infinity"]);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let at = 0; at < 30; at += 1) {
    await client.stopWorkspace({ params: { workspaceId } });
    await untilRunning(installation, workspaceId);
    let started = performance.now();
    await client.startWorkspace({ params: { workspaceId } });
    await untilRunning(installation, workspaceId);
    await firstPromptByte({ url: installation.url, token, workspaceId });
    ours.push(performance.now() - started);
    await run("docker", ["stop", "-t", "0", rival]);
    started = performance.now();
    await run("docker", ["start", rival]);
    const terminal = await firstByteOf("docker", ["exec", "-it", rival, "bash"]);
    theirs.push(performance.now() - started);
    await terminal.end();
  }
  await dropRivals([rival]);
  await remove(installation, ["cycle"]);
  const [berth, other] = [summarize(ours), summarize(theirs)];
  const ratio = berth.median / other.median;
  return {
    id: "stop-start",
    what: `stopped → first prompt byte (${imageId ? 30 : 0} times)`,
    beside: "docker start + exec -it",
    unit: "ms",
    berth,
    rival: other,
    result: `${figure(ratio)} ×`,
    goal: "≤ 1.5 ×",
    isMet: ratio <= 1.5,
  };
}

/** How fast a workspace is there, beside a container of the same image started by hand. */
export async function measureWorkspaces(progress: (text: string) => void): Promise<Row[]> {
  const installation = await Installation.start({ images: { "team/base:1": image } });
  try {
    const { images } = await installation.importImages(["team/base:1"]);
    const bench = { installation, imageId: images[0]?.id ?? "", token: await installation.adminToken };
    // The first pull, the agent's volume and warm caches are not what is measured.
    await createToPrompt(bench, "warm");
    await remove(installation, ["warm"]);
    return [await measureAlone(bench, progress), await measureTogether(bench), await measureRestart(bench)];
  } finally {
    await installation.close();
  }
}
