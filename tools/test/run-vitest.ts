import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { VitestReport } from "./summary.ts";

export type VitestRun = {
  root: string;
  project: "unit" | "real";
  /** What the caller of `npm test` added. */
  args: readonly string[];
  /** Kinds of real tests that cannot run here. */
  leftOut?: readonly string[];
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
};

/** Runs one project of tests with its output shown; answers its report, undefined when vitest itself broke. */
export async function runVitest({ root, project, args, leftOut = [], env, signal }: VitestRun) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "berth-report-"));
  const file = path.join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      spawn(process.execPath, [vitest, "run", "--project", project, "--passWithNoTests", ...reporters, ...args], {
        cwd: root,
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...env, BERTH_TEST_LEFT_OUT: leftOut.join(",") },
        signal,
      })
        .on("error", reject)
        .on("close", resolve);
    });
    const report = await readReport(file);
    return { isGreen: status === 0, report };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readReport(file: string): Promise<VitestReport | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as VitestReport;
  } catch {
    return undefined;
  }
}
