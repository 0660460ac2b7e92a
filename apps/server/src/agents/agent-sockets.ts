import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import path from "node:path";
import { AGENT_CONNECT_PATH } from "@berth/agent-protocol";
import type { AgentEndpoint } from "./agent-endpoint.ts";

/** What a container sees: the directory is mounted there, and holds one socket. */
const mountedSocket = "/.berth/run/agent.sock";
/** `sun_path` of a Unix socket address, less its final NUL (unix(7)). */
const longestSocketPath = 107;

/**
 * One Unix socket a workspace, in a directory of its own that the engine mounts into its container: the server stays on
 * loopback, and a workspace reaches nothing of it but this one path.
 */
export class AgentSockets {
  readonly #directory: string;
  readonly #endpoint: AgentEndpoint;
  readonly #servers = new Map<string, Promise<Server>>();

  constructor(options: { directory: string; endpoint: AgentEndpoint }) {
    this.#directory = options.directory;
    this.#endpoint = options.endpoint;
  }

  /** Listens for a workspace's agent. Repeating it is free. Gives the URL the agent dials and the directory to mount. */
  async open(workspaceId: string): Promise<{ url: string; socketDirectory: string }> {
    const socketDirectory = this.#directoryOf(workspaceId);
    let server = this.#servers.get(workspaceId);
    if (!server) {
      server = this.#listen(workspaceId, socketDirectory);
      this.#servers.set(workspaceId, server);
      server.catch(() => this.#servers.delete(workspaceId));
    }
    await server;
    return { url: `ws+unix://${mountedSocket}:${AGENT_CONNECT_PATH}`, socketDirectory };
  }

  /** Stops listening and removes the directory of a workspace that is gone. */
  async remove(workspaceId: string): Promise<void> {
    const server = this.#servers.get(workspaceId);
    this.#servers.delete(workspaceId);
    (await server?.catch(() => undefined))?.close();
    await rm(this.#directoryOf(workspaceId), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) (await server.catch(() => undefined))?.close();
    this.#servers.clear();
  }

  #directoryOf(workspaceId: string): string {
    return path.join(this.#directory, workspaceId);
  }

  async #listen(workspaceId: string, directory: string): Promise<Server> {
    const socketPath = path.join(directory, "agent.sock");
    if (Buffer.byteLength(socketPath) > longestSocketPath) {
      throw new Error(`The path ${socketPath} is too long for a socket; choose a shorter BERTH_DATA_DIR.`);
    }
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await rm(socketPath, { force: true });
    const server = createServer((_request, response) => response.writeHead(404).end());
    server.on("upgrade", (request, socket, head) => {
      void this.#endpoint.upgrade(request, socket, head, workspaceId);
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socketPath, resolve));
    // The image's user is whoever it is; who may speak is decided by the token.
    await chmod(socketPath, 0o666);
    return server;
  }
}
