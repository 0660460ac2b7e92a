import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { startTestSandbox, type TestSandbox } from "@berth/aws-sandbox/testing";
import { createEcrRegistries } from "@berth/oci-ecr";
import { delayRelay } from "@berth/testing/relay";
import type { Row } from "../lib/row.ts";
import { figure, summarize } from "../lib/stats.ts";

const run = promisify(execFile);
const oneWayMs = 12.5;
const platforms = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));
/** skopeo is timed on this many tags and counted up: 1000 of them would take longer than anybody learns from. */
const rivalSample = 25;

type Line = { network: string; host: string; sandbox: TestSandbox };

async function ours({ network, sandbox }: Line, repository: string): Promise<{ ms: number; calls: number }> {
  let calls = 0;
  const endpoint = new URL(network);
  const ecr = createEcrRegistries({
    endpointOverrides: new Map([[sandbox.account, { api: endpoint, registry: endpoint }]]),
    onUpstreamCall: () => {
      calls += 1;
    },
  });
  const key = sandbox.createUser({
    name: `bench-${Math.random()}`.slice(0, 30),
    policies: ["AmazonEC2ContainerRegistryReadOnly"],
  });
  const credentials = { kind: "static-keys" as const, ...key };
  const started = performance.now();
  await ecr.authorization({ registry: sandbox.registryHost(), credentials, minRemainingMs: 0 });
  const catalog = ecr.catalog(sandbox.registryHost(), credentials);
  const tags = await catalog.listTags(repository);
  const resolved = await catalog.resolveMany(
    repository,
    tags.map(({ tag }) => tag),
  );
  const ms = performance.now() - started;
  for (const [tag, image] of resolved) if (image instanceof Error) throw new Error(`${tag}: ${image.message}`);
  await ecr.close();
  return { ms, calls };
}

async function theirs({ host, sandbox }: Line, repository: string, count: number): Promise<number> {
  const authorization = (await sandbox.registryAuthorization()).replace(/^Basic /, "");
  const creds = Buffer.from(authorization, "base64").toString();
  const common = ["--tls-verify=false", "--creds", creds];
  const started = performance.now();
  const { stdout } = await run("skopeo", ["list-tags", ...common, `docker://${host}/${repository}`]);
  const listed = performance.now() - started;
  const tags = (JSON.parse(stdout) as { Tags: string[] }).Tags;
  if (tags.length !== count) throw new Error(`skopeo listed ${tags.length} tags`);
  const each = performance.now();
  for (const tag of tags.slice(0, rivalSample)) {
    await run("skopeo", ["inspect", "--no-tags", ...common, `docker://${host}/${repository}:${tag}`]);
  }
  return listed + ((performance.now() - each) / rivalSample) * count;
}

async function measure(line: Line, count: number, mostCalls: number): Promise<Row> {
  const repository = `bench/tags-${count}`;
  const tags = Array.from({ length: count }, (_, at) => `v${at}`);
  await line.sandbox.pushImages(repository, tags, (tag) => ({ platforms, config: { Labels: { tag } } }));
  const timings: number[] = [];
  let calls = 0;
  for (let round = 0; round < 5; round += 1) {
    const { ms, calls: made } = await ours(line, repository);
    timings.push(ms);
    calls = made;
  }
  const berth = summarize(timings);
  const rival = summarize([await theirs(line, repository, count)]);
  const ratio = rival.median / berth.median;
  return {
    id: `import-${count}`,
    what: `${count} tags × ${platforms.length} platforms with digests, sizes and platforms, 25 ms round trip`,
    beside: "skopeo list-tags + inspect each",
    unit: "ms",
    berth,
    rival,
    result: `${calls} calls, ${figure(ratio)} × faster`,
    goal: `≤ ${mostCalls} calls, ≥ 50 × faster`,
    isMet: calls <= mostCalls && ratio >= 50,
    notes: [`skopeo was timed on ${rivalSample} tags and counted up to ${count}`],
  };
}

/** What a look at a repository costs, over a line with the round trip of another continent's neighbour. */
export async function measureImport(progress: (text: string) => void): Promise<Row[]> {
  const sandbox = await startTestSandbox();
  const relay = await delayRelay({ target: { host: "127.0.0.1", port: sandbox.port }, oneWayMs });
  const host = `${relay.host}:${relay.port}`;
  try {
    const line = { network: `http://${host}`, host, sandbox };
    const rows = [await measure(line, 100, 5)];
    progress("100 tags done");
    rows.push(await measure(line, 1000, 34));
    return rows;
  } finally {
    await relay.close();
    await sandbox.close();
  }
}
