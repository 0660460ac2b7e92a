import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { AGENT_CONNECT_PATH, AGENT_PROTOCOL } from "@berth/agent-protocol";
import { type AgentTunnel, acceptAgent, MAX_MESSAGE_BYTES } from "@berth/agent-protocol/tunnel";
import { WebSocketServer } from "ws";

/** The least a server must do for agents: accept those with the right token, on a unix socket. */
export class AgentServer {
  readonly socketPath: string;
  readonly #token: string;
  readonly #tunnels: AgentTunnel[] = [];
  readonly #waiting: ((tunnel: AgentTunnel) => void)[] = [];
  readonly #accepted = new Set<AgentTunnel>();
  #server: Server | undefined;
  #sockets: WebSocketServer | undefined;
  refusals = 0;

  constructor(socketPath: string, token: string) {
    this.socketPath = socketPath;
    this.#token = token;
  }

  async listen(): Promise<void> {
    await rm(this.socketPath, { force: true });
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: (offered) => (offered.has(AGENT_PROTOCOL) ? AGENT_PROTOCOL : false),
    });
    const server = createServer();
    server.on("upgrade", (request, socket, head) => {
      if (request.url !== AGENT_CONNECT_PATH || request.headers.authorization !== `Bearer ${this.#token}`) {
        this.refusals += 1;
        socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      sockets.handleUpgrade(request, socket, head, (ws) => this.#offer(acceptAgent(ws)));
    });
    server.listen(this.socketPath);
    await once(server, "listening");
    // Whoever the workspace's user is must be able to connect.
    await chmod(this.socketPath, 0o777);
    this.#server = server;
    this.#sockets = sockets;
  }

  #offer(tunnel: AgentTunnel): void {
    this.#accepted.add(tunnel);
    void tunnel.closed.then(() => this.#accepted.delete(tunnel));
    const waiting = this.#waiting.shift();
    if (waiting) waiting(tunnel);
    else this.#tunnels.push(tunnel);
  }

  /** The next agent that connects, or one that has and was not asked for yet. */
  next(): Promise<AgentTunnel> {
    const tunnel = this.#tunnels.shift();
    return tunnel ? Promise.resolve(tunnel) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    for (const tunnel of this.#accepted) tunnel.close();
    this.#sockets?.close();
    const server = this.#server;
    if (server?.listening) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}
