import type { CheckReport, CheckStep, CheckStepId } from "./registry-check.ts";

/** Draws the conclusion from the steps; pure. */
export function summarize(steps: CheckStep[], caller: Pick<CheckReport, "callerArn" | "callerAccountId">): CheckReport {
  const statusOf = (id: CheckStepId) => steps.find((step) => step.id === id)?.status ?? "skipped";
  const isGood = (id: CheckStepId) => statusOf(id) === "ok" || statusOf(id) === "warning";
  const failed = steps.find(({ status }) => status === "failed");
  const canBrowse = statusOf("repositories") === "ok";
  const needed: CheckStepId[] = ["token", "manifest", "layer", "pull"];
  const isTried = needed.every((id) => statusOf(id) !== "skipped") || needed.some((id) => statusOf(id) === "failed");
  const canPull = isTried ? needed.every(isGood) : undefined;
  return {
    ok: failed === undefined,
    canBrowse,
    ...(canPull !== undefined && { canPull }),
    summary: failed === undefined ? sentence(canBrowse, canPull) : `${failed.title}: ${failed.detail ?? "failed."}`,
    ...caller,
    steps,
  };
}

function sentence(canBrowse: boolean, canPull: boolean | undefined): string {
  if (canPull) {
    return canBrowse
      ? "Repositories can be listed and images pulled."
      : "Images can be pulled, but this key may not list them: type image names in full.";
  }
  return canBrowse
    ? "Repositories can be listed. There is no repository yet to try pulling from."
    : "This key may not list repositories. Name a repository to find out whether images can be pulled.";
}
