import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { AGENT_CONNECT_PATH, AGENT_PROTOCOL, AGENT_VERSION_HEADER } from "@berth/agent-protocol";
import { acceptAgent } from "@berth/agent-protocol/tunnel";
import { WebSocketServer } from "ws";
import type { AgentHub } from "./agent-hub.ts";
import { type AgentIdentity, verifyAgentToken } from "./agent-token.ts";

export type AgentEndpointDeps = {
  hub: AgentHub;
  /** Newest first. */
  keys: readonly Buffer[];
  /** Whether this revision is the one that should be running. */
  isCurrent(identity: AgentIdentity): Promise<boolean>;
  clock: () => Date;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
};

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Takes an agent's upgrade, on its own workspace's socket or on a listener for all; `expected` is the socket's owner. */
export class AgentEndpoint {
  readonly #deps: AgentEndpointDeps;
  readonly #websockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 8 * 1024 * 1024,
    handleProtocols: (protocols) => (protocols.has(AGENT_PROTOCOL) ? AGENT_PROTOCOL : false),
  });

  constructor(deps: AgentEndpointDeps) {
    this.#deps = deps;
  }

  /** Whether the request is an agent's. */
  static matches(request: IncomingMessage): boolean {
    return (request.url ?? "").split("?")[0] === AGENT_CONNECT_PATH;
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, expected?: string): Promise<void> {
    // A peer that vanishes while its token is looked up must not end the process.
    socket.on("error", () => socket.destroy());
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const identity = verifyAgentToken(token, this.#deps.keys);
    if (!identity || (expected !== undefined && identity.workspaceId !== expected)) {
      this.#deps.log.warn({ workspaceId: expected }, "an agent showed a token that is not its own");
      refuse(socket, "401 Unauthorized");
      return;
    }
    try {
      if (!(await this.#deps.isCurrent(identity))) {
        refuse(socket, "410 Gone");
        return;
      }
    } catch {
      refuse(socket, "503 Service Unavailable");
      return;
    }
    const header = request.headers[AGENT_VERSION_HEADER];
    const version = typeof header === "string" ? header.slice(0, 100) : "unknown";
    this.#websockets.handleUpgrade(request, socket, head, (websocket) => {
      const tunnel = acceptAgent(websocket);
      this.#deps.hub.attach({ ...identity, version, tunnel, connectedAt: this.#deps.clock() });
      this.#deps.log.info({ workspaceId: identity.workspaceId, version }, "agent connected");
    });
  }
}
