import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { startTestSandbox } from "@berth/aws-sandbox/testing";
import { createEcrRegistries } from "@berth/oci-ecr";
import type { Row } from "../lib/row.ts";
import { figure, summarize } from "../lib/stats.ts";

const run = promisify(execFile);
const handOuts = 20_000;
const askers = 10_000;

/** How fast a login for a pull is handed out, and how many calls a crowd of askers costs. */
export async function measureCredentials(): Promise<Row[]> {
  const sandbox = await startTestSandbox();
  let calls = 0;
  const api = new URL(sandbox.url);
  const ecr = createEcrRegistries({
    endpointOverrides: new Map([[sandbox.account, { api, registry: api }]]),
    onUpstreamCall: () => {
      calls += 1;
    },
  });
  const key = sandbox.createUser({ name: "bench", policies: ["AmazonEC2ContainerRegistryReadOnly"] });
  const credentials = { kind: "static-keys" as const, ...key };
  const request = { registry: sandbox.registryHost(), credentials, minRemainingMs: 3_600_000 };
  try {
    const cold = performance.now();
    await Promise.all(Array.from({ length: askers }, () => ecr.authorization(request)));
    const crowdMs = performance.now() - cold;
    const timings: number[] = [];
    for (let at = 0; at < handOuts; at += 1) {
      const started = performance.now();
      await ecr.authorization(request);
      timings.push(performance.now() - started);
    }
    const berth = summarize(timings);
    return [
      {
        id: "hand-out",
        what: `credential hand-out, warm (${handOuts} times)`,
        beside: "aws ecr get-login-password",
        unit: "ms",
        berth,
        rival: summarize(await awsCli(sandbox.url, key)),
        result: `p99 ${figure(berth.p99)} ms`,
        goal: "p99 < 1 ms",
        isMet: berth.p99 < 1,
        notes: ["the rival is the AWS CLI, which asks AWS each time; the credential helper needs AWS's own host names"],
      },
      {
        id: "hand-out-crowd",
        what: `${askers} askers at once, cold`,
        beside: "–",
        unit: "calls",
        berth: summarize([calls]),
        result: `${calls} upstream call(s), ${figure(crowdMs)} ms`,
        goal: "1 upstream call",
        isMet: calls === 1,
      },
    ];
  } finally {
    await ecr.close();
    await sandbox.close();
  }
}

async function awsCli(url: string, key: { accessKeyId: string; secretAccessKey: string }): Promise<number[]> {
  const home = await mkdtemp(path.join(tmpdir(), "berth-bench-aws-"));
  const env = { PATH: "/usr/bin:/bin", HOME: home, AWS_ACCESS_KEY_ID: key.accessKeyId };
  const secret = { AWS_SECRET_ACCESS_KEY: key.secretAccessKey, AWS_DEFAULT_REGION: "us-east-1" };
  const timings: number[] = [];
  try {
    for (let round = 0; round < 5; round += 1) {
      const started = performance.now();
      const args = ["ecr", "get-login-password", "--endpoint-url", url];
      await run("/usr/bin/aws", args, { env: { ...env, ...secret } });
      timings.push(performance.now() - started);
    }
    return timings;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
