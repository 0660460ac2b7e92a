import { json } from "node:stream/consumers";
import type { EngineAddress } from "@berth/provider-docker";
import { callEngine, expectDone, isRefusal, messageOf } from "./engine-http.ts";

/** Ids of the containers, running or not, that carry all of these labels (`key=value`). */
export async function findContainers(
  address: EngineAddress,
  labels: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const query = new URLSearchParams({ all: "true", filters: JSON.stringify({ label: labels }) });
  const answer = await callEngine(address, { method: "GET", path: `/containers/json?${query}` }, signal);
  if (isRefusal(answer)) throw new Error(await messageOf(answer));
  return ((await json(answer)) as { Id: string }[]).map(({ Id }) => Id);
}

/** Ends a container, by TERM first, and removes it with its anonymous volumes; one that is gone already is no error. */
export async function removeContainer(
  address: EngineAddress,
  { id, graceSeconds }: { id: string; graceSeconds: number },
  signal: AbortSignal,
): Promise<void> {
  const calls = [
    { method: "POST", path: `/containers/${id}/stop?t=${graceSeconds}` },
    { method: "DELETE", path: `/containers/${id}?force=true&v=true` },
  ];
  for (const call of calls) {
    const answer = await callEngine(address, call, signal);
    // Gone, not running, or being removed by somebody else.
    if ([304, 404, 409].includes(answer.statusCode ?? 0)) answer.resume();
    else await expectDone(answer);
  }
}
