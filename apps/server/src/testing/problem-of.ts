import { ApiError, type Problem } from "@berth/api";

/** The problem that a call is refused with; throws when it is not refused. */
export async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome && outcome.error instanceof ApiError) return outcome.error.problem;
  throw new Error(`Not refused: ${JSON.stringify("value" in outcome ? outcome.value : String(outcome.error))}`);
}
