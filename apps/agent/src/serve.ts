import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type AgentInfo, agentPaths, EXEC_HEADER } from "@berth/agent-protocol";
import {
  CONNECTION_WINDOW_BYTES,
  http2Options,
  MAX_STREAMS,
  WebSocketByteStream,
} from "@berth/agent-protocol/transport";
import type { WebSocket } from "ws";

export type Resources = {
  info(): AgentInfo;
  /** Takes over the stream of `POST /v1/exec`. */
  exec(stream: ServerHttp2Stream, header: string): void;
};

/** Serves the agent's resources over one connection, as an HTTP/2 server. */
export function serve(ws: WebSocket, resources: Resources): void {
  const session = http2.performServerHandshake(new WebSocketByteStream(ws, { canYield: true }), {
    ...http2Options(),
    // The peer is our own server: it cancels as many streams as people press Ctrl-C.
    streamResetBurst: 100_000,
    streamResetRate: 10_000,
    settings: { ...http2Options().settings, maxConcurrentStreams: MAX_STREAMS },
  });
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  session.on("error", () => ws.terminate());
  session.on("stream", (stream, headers) => route(stream, headers, resources));
  ws.once("close", () => session.destroy());
}

function route(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, resources: Resources): void {
  stream.on("error", () => stream.destroy());
  const path = String(headers[":path"] ?? "").split("?")[0];
  const target = `${String(headers[":method"])} ${path}`;
  // Node resets a stream whose request nobody reads as soon as it is answered; the client ends it, once it has read all.
  if (target !== `POST ${agentPaths.exec}`) stream.resume();
  if (target === `GET ${agentPaths.info}`) {
    stream.respond({ ":status": 200, "content-type": "application/json" });
    stream.end(JSON.stringify(resources.info()));
  } else if (target === `POST ${agentPaths.exec}`) {
    resources.exec(stream, String(headers[EXEC_HEADER] ?? ""));
  } else {
    stream.respond({ ":status": 404 });
    stream.end();
  }
}
