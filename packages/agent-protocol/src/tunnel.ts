import http2, { type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { Duplex, Readable } from "node:stream";
import type { WebSocket } from "ws";
import { EXEC_HEADER, type ExecParams, encodeExecParams } from "./exec.ts";
import { AgentInfo, agentCloseCodes, agentPaths } from "./handshake.ts";
import { CONNECTION_WINDOW_BYTES, http2Options, keepAlive, WebSocketByteStream } from "./transport.ts";
import { TunnelError } from "./tunnel-error.ts";

export { MAX_MESSAGE_BYTES } from "./transport.ts";
export * from "./tunnel-error.ts";

/** Answer of an agent; `body` must be read or destroyed. */
export type AgentResponse = { status: number; headers: Record<string, string>; body: Readable };

/** Why a connection ended: the WebSocket's close code (1006: it broke) and a sentence for logs. */
export type TunnelClosed = { code: number; reason: string };

/** The server's end of one agent's connection. Its methods throw `TunnelError`, or the signal's reason. */
export interface AgentTunnel {
  info(signal: AbortSignal): Promise<AgentInfo>;
  /**
   * Starts a command; the stream carries raw frames both ways (`encodeClientFrame`, `createAgentFrameDecoder`) and
   * should be piped with backpressure. Destroying it, or aborting `signal` at any time, ends the command.
   * Throws EXEC_PARAMS_TOO_LARGE (`ProtocolError`).
   */
  openExec(params: ExecParams, signal: AbortSignal): Promise<Duplex>;
  /** Any resource of the agent, answered with its headers. `signal` covers the body too. */
  request(method: string, path: string, signal: AbortSignal): Promise<AgentResponse>;
  /** Round trip to the agent's event loop, in milliseconds. */
  ping(signal: AbortSignal): Promise<number>;
  /** Resolves once, when the connection is gone; never rejects. */
  readonly closed: Promise<TunnelClosed>;
  /** Ends the connection and every stream in it, with one of `agentCloseCodes`. */
  close(code?: number, reason?: string): void;
}

export type TunnelOptions = {
  /** Pause between pings; a silent agent is dropped after two. Default 15 s. */
  keepAliveMs?: number;
};

/** Speaks HTTP/2 as the client over a WebSocket that an agent has opened. Call it in the tick that accepts the socket. */
export function acceptAgent(ws: WebSocket, options: TunnelOptions = {}): AgentTunnel {
  const stopKeepAlive = keepAlive(ws, options.keepAliveMs ?? 15_000, () => ws.terminate());
  const bytes = new WebSocketByteStream(ws, { canYield: false });
  const session = http2.connect("http://agent", { ...http2Options(), createConnection: () => bytes });
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  session.unref();
  // The reason is told by `closed` and by each stream; an unhandled error event would end the server.
  session.on("error", () => ws.terminate());
  session.once("goaway", () => session.close());
  const closed = new Promise<TunnelClosed>((resolve) => {
    ws.once("close", (code, reason) => {
      stopKeepAlive();
      session.destroy();
      resolve({ code, reason: reason.toString("utf8") });
    });
  });
  return {
    closed,
    info: (signal) => fetchInfo(session, signal),
    openExec: async (params, signal) => (await open(session, "POST", agentPaths.exec, signal, params)).stream,
    async request(method, path, signal) {
      const { stream, headers } = await open(session, method, path, signal);
      return { ...headers, body: stream };
    },
    ping: (signal) => ping(session, signal),
    close(code = agentCloseCodes.goingAway, reason = "") {
      ws.close(code, reason);
      session.destroy();
    },
  };
}

type Opened = { stream: ClientHttp2Stream; headers: { status: number; headers: Record<string, string> } };

/** Sends a request and waits for its headers. Only exec may send a body, and its other statuses are failures. */
async function open(
  session: ClientHttp2Session,
  method: string,
  path: string,
  signal: AbortSignal,
  exec?: ExecParams,
): Promise<Opened> {
  signal.throwIfAborted();
  if (session.closed || session.destroyed) throw disconnected();
  const header = exec === undefined ? {} : { [EXEC_HEADER]: encodeExecParams(exec) };
  const stream = session.request({ ":method": method, ":path": path, ...header }, { endStream: false, signal });
  // Open until the answer is read: to Node's stream functions an HTTP/2 stream closed on both sides is broken off,
  // although what it brought is still there to be read.
  stream.once("end", () => stream.end());
  const headers = await responseOf(stream, signal);
  if (exec !== undefined && headers.status !== 200) {
    stream.destroy();
    throw new TunnelError("AGENT_REFUSED", `The agent refused the command (status ${headers.status}).`);
  }
  return { stream, headers };
}

function responseOf(stream: ClientHttp2Stream, signal: AbortSignal): Promise<Opened["headers"]> {
  return new Promise((resolve, reject) => {
    let failure: unknown;
    // Stays for the stream's life: whoever reads it is told by its own listeners.
    stream.on("error", (error) => {
      failure = error;
    });
    stream.once("close", () => reject(signal.aborted ? signal.reason : disconnected(failure)));
    stream.once("response", (received) => {
      const { ":status": status = 0, ...rest } = received;
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(rest)) if (value !== undefined) headers[name] = String(value);
      resolve({ status, headers });
    });
  });
}

async function fetchInfo(session: ClientHttp2Session, signal: AbortSignal): Promise<AgentInfo> {
  const { stream, headers } = await open(session, "GET", agentPaths.info, signal);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > 64 * 1024) throw new TunnelError("AGENT_ANSWER_INVALID", "The agent's answer is too long.");
    chunks.push(chunk);
  }
  if (headers.status !== 200) throw new TunnelError("AGENT_REFUSED", `The agent answered with ${headers.status}.`);
  try {
    return AgentInfo.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
  } catch (cause) {
    throw new TunnelError("AGENT_ANSWER_INVALID", "The agent's answer does not describe an agent.", { cause });
  }
}

function ping(session: ClientHttp2Session, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    if (session.closed || session.destroyed) return reject(disconnected());
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const isSent = session.ping((error, durationMs) => {
      signal.removeEventListener("abort", onAbort);
      if (error) reject(disconnected(error));
      else resolve(durationMs);
    });
    if (!isSent) reject(disconnected());
  });
}

function disconnected(cause?: unknown): TunnelError {
  return new TunnelError("AGENT_DISCONNECTED", "The workspace's agent is not connected.", { cause });
}
