import http2 from "node:http2";
import { AGENT_PROTOCOL, AGENT_VERSION_HEADER, agentPaths } from "@berth/agent-protocol";
import type { WorkspaceSpec } from "@berth/provider";
import { createWebSocketStream, WebSocket } from "ws";

const mounted = "/.berth/run/";

/** Where the agent of this container dials from outside of it: its mount is undone. */
function dialUrl(spec: WorkspaceSpec): string {
  const { url, socketDirectory } = spec.agent;
  return socketDirectory ? url.replace(mounted, `${socketDirectory}/`) : url;
}

/**
 * The least that is an agent: it connects as one, stays, and says who it is. For tests of what the server does with
 * many workspaces; what an agent does is tested with the real one.
 */
export function startFakeAgent(spec: WorkspaceSpec, ended: AbortSignal): void {
  let socket: WebSocket | undefined;
  let timer: NodeJS.Timeout | undefined;
  const dial = () => {
    if (ended.aborted) return;
    socket = new WebSocket(dialUrl(spec), AGENT_PROTOCOL, {
      headers: { authorization: `Bearer ${spec.agent.token}`, [AGENT_VERSION_HEADER]: "test" },
      perMessageDeflate: false,
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (!ended.aborted) timer = setTimeout(dial, 50);
    });
    socket.on("open", () => socket && serve(socket, spec));
  };
  ended.addEventListener("abort", () => {
    clearTimeout(timer);
    socket?.terminate();
  });
  dial();
}

function serve(socket: WebSocket, spec: WorkspaceSpec): void {
  const server = http2.createServer((request, response) => {
    if (request.url !== agentPaths.info) return response.writeHead(404).end();
    const info = { version: "test", protocol: AGENT_PROTOCOL, pid: 1, uid: 0, gid: 0, user: "root" };
    response.end(JSON.stringify({ ...info, home: "/root", shell: ["sh"], cwd: `/${spec.name}`, startedAt: "now" }));
  });
  server.emit("connection", createWebSocketStream(socket));
}
