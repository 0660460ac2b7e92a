/**
 * `npm test`: checks, unit tests, and the tests on real parts, with all the set-up they need. While the machine is being
 * prepared (programs, engine, images), the checks and the unit tests, which need none of it, run.
 * Arguments go to vitest: `npm test -- packages/oci`.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createSteps } from "../lib/bootstrap/steps.mjs";
import { type LeftOut, leftOutKinds, needs } from "./needs.ts";
import { type PreparedMachine, prepareMachine } from "./prepare-machine.ts";
import { runVitest } from "./run-vitest.ts";
import { type Summary, summarize, summaryLine } from "./summary.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const args = process.argv.slice(2);
const isEverythingRequired = /^(1|true)$/.test(process.env.CI ?? process.env.BERTH_REQUIRE_ALL ?? "");

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interruption.abort());
process.on("disconnect", () => interruption.abort());
process.channel?.unref();

process.exitCode = await main(interruption.signal);

async function main(signal: AbortSignal): Promise<number> {
  const steps = createSteps(process.stderr, { quietBelowMs: 1000 });
  const env = { ...process.env, ...(isEverythingRequired && { BERTH_REQUIRE_ALL: "1" }) };
  const preparing = prepareMachine(root, steps, signal);
  let machine: PreparedMachine | undefined;
  try {
    const isClean = args.length > 0 || (await check(signal));
    const unit = await runVitest({ root, project: "unit", args, env, signal });
    machine = await preparing;
    const leftOut = leftOutKinds(machine.missing);
    const real = await runVitest({
      root,
      project: "real",
      args,
      leftOut: leftOut.map(({ kind }) => kind),
      env: { ...env, ...(machine.dockerHost && { DOCKER_HOST: machine.dockerHost }) },
      signal,
    });
    return conclude([unit, real], leftOut, isClean);
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error("Interrupted.");
    return 130;
  } finally {
    machine ??= await preparing.catch(() => undefined);
    await machine?.stop();
    steps.close();
  }
}

function check(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    spawn(process.execPath, [path.join(root, "tools/run-checks.mjs")], { cwd: root, stdio: "inherit", signal })
      .on("error", reject)
      .on("close", (status) => resolve(status === 0));
  });
}

type Run = Awaited<ReturnType<typeof runVitest>>;

function conclude(runs: readonly Run[], leftOut: readonly LeftOut[], isClean: boolean): number {
  const summary = summarize(runs.flatMap(({ report }) => (report ? [report] : [])));
  const problems = [
    ...(isClean ? [] : ["npm run check found something: see above"]),
    ...(runs.every(({ report }) => report) ? [] : ["vitest did not finish: see above"]),
    ...(summary.passed + summary.failed > 0 ? [] : ["no test ran"]),
    ...(isEverythingRequired ? skipProblems(summary, leftOut) : []),
  ];
  for (const { kind, because } of leftOut) {
    console.log(`skipped: *.${kind}.test.ts, which need ${needs[because].what} (${needs[because].fix})`);
  }
  if (args.length === 0) for (const name of summary.skipped) console.log(`skipped: ${name}`);
  for (const problem of problems) console.log(`problem: ${problem}`);
  console.log(summaryLine(summary));
  return problems.length === 0 && runs.every(({ isGreen }) => isGreen) ? 0 : 1;
}

/** Where everything is required, what did not run is a failure; a filter on the command line skips on purpose. */
function skipProblems(summary: Summary, leftOut: readonly LeftOut[]): string[] {
  const skips = leftOut.length + (args.length === 0 ? summary.skipped.length : 0);
  return skips > 0 ? ["with CI=true nothing may be skipped"] : [];
}
