import type { SessionOptions } from "node:http2";
import type { WebSocket } from "ws";

export { WebSocketByteStream } from "./byte-stream.ts";

/** How much one stream may have under way. Bounds what a stalled reader costs, and throughput × round trip. */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
/** Of the whole connection. Node gives it back on receipt, not on reading, so a stalled stream uses none of it. */
export const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
/** Streams a server may have open in one agent. */
export const MAX_STREAMS = 512;
/** Largest WebSocket message either side accepts: far above what HTTP/2 writes at once. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** HTTP/2 options both ends use. */
export function http2Options(): SessionOptions {
  return {
    // In MB. Node refuses new streams above this, so it must hold every stream with a full window.
    maxSessionMemory: (MAX_STREAMS * STREAM_WINDOW_BYTES) / 1024 / 1024,
    settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
  };
}

/**
 * Pings every `intervalMs` and calls `onSilent` when a whole interval passes without a sign of life: a peer behind a
 * dead link is not noticed otherwise. Returns the function that stops it.
 */
export function keepAlive(ws: WebSocket, intervalMs: number, onSilent: () => void): () => void {
  let isAlive = true;
  const seen = () => {
    isAlive = true;
  };
  const timer = setInterval(() => {
    if (!isAlive) return onSilent();
    isAlive = false;
    if (ws.readyState === ws.OPEN) ws.ping();
  }, intervalMs);
  timer.unref();
  ws.on("pong", seen).on("ping", seen).on("message", seen);
  return () => {
    clearInterval(timer);
    ws.off("pong", seen).off("ping", seen).off("message", seen);
  };
}
