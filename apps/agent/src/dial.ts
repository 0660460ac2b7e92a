import { setTimeout as sleep } from "node:timers/promises";
import { AGENT_PROTOCOL, AGENT_VERSION_HEADER, agentCloseCodes } from "@berth/agent-protocol";
import { keepAlive, MAX_MESSAGE_BYTES } from "@berth/agent-protocol/transport";
import { WebSocket } from "ws";
import { baseDelayMs, withJitter } from "./backoff.ts";

export type DialOptions = {
  url: string;
  token: string;
  version: string;
  /** Called with each connection, in the tick it opens; what it holds must end when the socket closes. */
  serve(ws: WebSocket): void;
  log(message: string): void;
  random(): number;
  signal: AbortSignal;
  /** Pause between pings. */
  keepAliveMs: number;
};

/** How one connection went. */
type Outcome = { isRejected: boolean; openMs: number; reason: string };

/** A connection that lasted this long counts as a success, after which the first delay is short again. */
const STABLE_MS = 2000;

/** Keeps one connection to the server until `signal` aborts. */
export async function keepDialling(options: DialOptions): Promise<void> {
  const isLocal = options.url.startsWith("ws+unix:");
  let failures = 0;
  let lastReason = "";
  while (!options.signal.aborted) {
    const outcome = await connectOnce(options);
    if (options.signal.aborted) return;
    if (outcome.openMs >= STABLE_MS) failures = 0;
    if (outcome.reason !== lastReason || outcome.openMs > 0) options.log(`disconnected: ${outcome.reason}`);
    lastReason = outcome.reason;
    // Trying a local socket costs next to nothing, so a restarted server is found within a second.
    const delayMs = baseDelayMs(failures, { isRejected: outcome.isRejected, capMs: isLocal ? 1000 : 5000 });
    failures += 1;
    await sleep(withJitter(delayMs, options.random()), undefined, { signal: options.signal }).catch(() => {});
  }
}

function connectOnce(options: DialOptions): Promise<Outcome> {
  const ws = new WebSocket(options.url, [AGENT_PROTOCOL], {
    headers: { authorization: `Bearer ${options.token}`, [AGENT_VERSION_HEADER]: options.version },
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handshakeTimeout: 10_000,
  });
  const onAbort = () => (ws.readyState === ws.OPEN ? ws.close(agentCloseCodes.goingAway) : ws.terminate());
  options.signal.addEventListener("abort", onAbort, { once: true });
  let openedAt: number | undefined;
  let status: number | undefined;
  let failure: string | undefined;
  let stopKeepAlive = () => {};
  return new Promise((resolve) => {
    ws.on("error", (error: NodeJS.ErrnoException) => {
      failure ??= error.code ?? error.message;
    });
    ws.on("unexpected-response", (_request, response) => {
      status = response.statusCode;
      failure = `the server answered ${status}`;
      response.destroy();
      ws.terminate();
    });
    ws.on("open", () => {
      openedAt = performance.now();
      options.log("connected");
      stopKeepAlive = keepAlive(ws, options.keepAliveMs, () => ws.terminate());
      options.serve(ws);
    });
    ws.on("close", (code, reason) => {
      stopKeepAlive();
      options.signal.removeEventListener("abort", onAbort);
      const openMs = openedAt === undefined ? 0 : performance.now() - openedAt;
      resolve({
        isRejected: isRejection(code, status),
        openMs,
        reason: failure ?? `closed with ${code} ${reason.toString("utf8")}`.trim(),
      });
    });
  });
}

/** Whether dialling again soon is pointless. */
export function isRejection(closeCode: number, status: number | undefined): boolean {
  if (closeCode === agentCloseCodes.rejected || closeCode === agentCloseCodes.replaced) return true;
  return status !== undefined && status >= 400 && status < 500;
}
