/** The part of vitest's JSON report that is read here. */
export type VitestReport = {
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
};

export type Summary = {
  passed: number;
  failed: number;
  /** Names of the tests that did not run. */
  skipped: string[];
};

/** Adds up what several runs of vitest said. A file that could not be loaded counts as one failure. */
export function summarize(reports: readonly VitestReport[]): Summary {
  const summary: Summary = { passed: 0, failed: 0, skipped: [] };
  for (const file of reports.flatMap((report) => report.testResults)) {
    for (const { status, fullName } of file.assertionResults) {
      if (status === "passed") summary.passed += 1;
      else if (status === "failed") summary.failed += 1;
      else summary.skipped.push(fullName);
    }
    const isBroken = file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed");
    if (isBroken) summary.failed += 1;
  }
  return summary;
}

/** The last line of `npm test`. */
export function summaryLine({ passed, failed, skipped }: Summary): string {
  const counts = [`${passed} passed`, `${failed} failed`];
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  return `tests: ${counts.join(", ")}`;
}
