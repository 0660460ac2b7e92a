import http2 from "node:http2";
import { AGENT_PROTOCOL, AGENT_VERSION_HEADER, agentPaths, decodeExecParams, EXEC_HEADER } from "@berth/agent-protocol";
import type { WorkspaceSpec } from "@berth/provider";
import { createWebSocketStream, WebSocket } from "ws";
import { runProgram } from "./exec-endpoint.ts";

/** Stands in for a workspace: connects to the server as its agent does, and runs what it is told on this machine. */
export function startLocalAgent(spec: WorkspaceSpec, ended: AbortSignal): void {
  const { url, socketDirectory, token } = spec.agent;
  // In a container the directory is mounted there; here its own path leads to the socket.
  const socket = new WebSocket(
    socketDirectory ? url.replace("/.berth/run/", `${socketDirectory}/`) : url,
    AGENT_PROTOCOL,
    {
      headers: { authorization: `Bearer ${token}`, [AGENT_VERSION_HEADER]: "test" },
      perMessageDeflate: false,
    },
  );
  socket.on("error", () => undefined);
  ended.addEventListener("abort", () => socket.terminate());
  socket.once("open", () => {
    const server = http2.createServer();
    server.on("stream", (stream, headers) => {
      stream.on("error", () => undefined);
      if (headers[":path"] === agentPaths.exec) {
        stream.respond({ ":status": 200 });
        void runProgram(stream, decodeExecParams(String(headers[EXEC_HEADER])));
        return;
      }
      stream.respond({ ":status": 200 });
      stream.end(JSON.stringify(infoOf(spec)));
    });
    server.emit("connection", createWebSocketStream(socket));
  });
}

function infoOf({ name }: WorkspaceSpec) {
  const startedAt = new Date().toISOString();
  const user = { uid: 0, gid: 0, user: "root", home: "/root", shell: "/bin/sh", cwd: `/${name}` };
  return { version: "test", protocol: AGENT_PROTOCOL, pid: 1, startedAt, ...user };
}
