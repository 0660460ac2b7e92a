import { setTimeout as sleep } from "node:timers/promises";
import type { BuildLogEntry } from "@berth/api";
import { CliError } from "../errors/cli-error.ts";
import { reportOf } from "../errors/report.ts";

export type FollowOptions = {
  /** Opens the log from the entry after this one; it may end or break at any time. */
  openLog(after: number): AsyncIterable<BuildLogEntry>;
  signal: AbortSignal;
  /** Milliseconds since some fixed moment. */
  now(): number;
  wait?(ms: number, signal: AbortSignal): Promise<void>;
  /** How long the server may stay away before we give up. Default one minute. */
  patienceMs?: number;
};

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3000;
/** A connection that lasted this long was one, however quiet the build was meanwhile. */
const HELD_MS = 5000;

/** Whether the same question may be answered later: anything but an answer that will stay what it is. */
function isWorthRetrying(error: unknown): boolean {
  if (error instanceof SyntaxError) return true; // a line cut off by a lost connection
  const { problem } = reportOf(error);
  return problem.retryable || problem.code === "INTERNAL";
}

/**
 * The log of a build, entry by entry, each once, until the build has ended: its last entry is the build itself. When
 * the connection drops it goes on after the last entry seen. Throws SERVER_UNREACHABLE after `patienceMs` without a
 * sign of life, and what the server refuses with.
 */
export async function* followBuild(options: FollowOptions): AsyncGenerator<BuildLogEntry, void> {
  const { openLog, signal, now, wait = pause, patienceMs = 60_000 } = options;
  let after = 0;
  let pauseMs = FIRST_PAUSE_MS;
  /** When the server was last there: an entry came, or a connection had held for a while. */
  let lastSeen = now();
  for (;;) {
    let failure: unknown;
    const openedAt = now();
    try {
      for await (const entry of openLog(after)) {
        lastSeen = now();
        pauseMs = FIRST_PAUSE_MS;
        if (entry.seq <= after) continue;
        after = entry.seq;
        yield entry;
        if (entry.type === "build") return;
      }
    } catch (error) {
      failure = error;
    }
    signal.throwIfAborted();
    if (failure !== undefined && !isWorthRetrying(failure)) throw failure;
    if (now() - openedAt >= HELD_MS) lastSeen = now();
    if (now() - lastSeen >= patienceMs) throw failure ?? lost();
    await wait(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function lost(): CliError {
  return new CliError("unavailable", {
    code: "SERVER_UNREACHABLE",
    title: "The server does not answer",
    detail: "The server keeps ending the build log before the build has ended.",
    fix: { text: "The build goes on without us; look again with `berth ws logs`." },
    retryable: true,
  });
}
