import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { decodeExecParams, type ExecParams, ProtocolError } from "@berth/agent-protocol";
import { apiPrefix, Id, workspaceRoutes } from "@berth/api";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import type { AgentConnection, AgentHub } from "../agents/agent-hub.ts";
import type { Actor } from "../domain/actor.ts";
import { BerthError } from "../domain/berth-error.ts";
import type { Workspaces } from "../domain/workspaces/workspaces.ts";

export type ExecSocketDeps = {
  workspaces: Pick<Workspaces, "connect">;
  hub: Pick<AgentHub, "waitFor">;
  /** How long a request waits for an agent that is just coming back, e.g. after a restart of the server. */
  agentWaitMs: number;
  log: { warn(fields: object, message: string): void };
};

const { subprotocol } = workspaceRoutes.exec.websocket;
const path = new RegExp(`^${apiPrefix}/workspaces/([^/]+)/exec$`);

/** Serves `exec`: a WebSocket whose messages are the raw frame stream of a command in the workspace's agent. */
export class ExecSocket {
  readonly #deps: ExecSocketDeps;
  readonly #websockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 2 * 1024 * 1024,
    handleProtocols: (protocols) => (protocols.has(subprotocol) ? subprotocol : false),
  });

  constructor(deps: ExecSocketDeps) {
    this.#deps = deps;
  }

  /** Whether the upgrade is for a command. */
  static matches(request: IncomingMessage): boolean {
    return path.test((request.url ?? "").split("?")[0] ?? "");
  }

  /** Answers the upgrade. Throws what becomes a problem, as long as nothing was answered. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, actor: Actor): Promise<void> {
    const { workspaceId, params } = parse(request);
    const workspace = await this.#deps.workspaces.connect(actor, workspaceId);
    const gone = new AbortController();
    socket.once("close", () => gone.abort(new Error("The client went away.")));
    const connection = await this.#agentOf(workspace, gone.signal);
    const stream = await connection.tunnel.openExec(params, gone.signal).catch((cause: unknown) => {
      throw new BerthError("AGENT_UNREACHABLE", `The agent of ${workspace.name} does not answer.`, { cause });
    });
    this.#websockets.handleUpgrade(request, socket, head, (websocket) => {
      void this.#join(websocket, stream, workspaceId);
    });
  }

  async #agentOf(
    workspace: { id: string; name: string; revision: string | null },
    signal: AbortSignal,
  ): Promise<AgentConnection> {
    const timeout = AbortSignal.timeout(this.#deps.agentWaitMs);
    try {
      const revision = workspace.revision ?? undefined;
      return await this.#deps.hub.waitFor(workspace.id, revision, AbortSignal.any([signal, timeout]));
    } catch {
      throw new BerthError("AGENT_UNREACHABLE", `The agent of ${workspace.name} is not connected.`);
    }
  }

  async #join(websocket: WebSocket, stream: Duplex, workspaceId: string): Promise<void> {
    const client = createWebSocketStream(websocket, {
      readableHighWaterMark: 256 * 1024,
      writableHighWaterMark: 256 * 1024,
    });
    try {
      await Promise.all([pipeline(client, stream, { end: true }), pipeline(stream, client)]);
    } catch (error) {
      stream.destroy();
      websocket.terminate();
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ERR_STREAM_PREMATURE_CLOSE")
        this.#deps.log.warn({ err: error, workspaceId }, "a command's stream broke");
    }
  }
}

function parse(request: IncomingMessage): { workspaceId: string; params: ExecParams } {
  const url = new URL(request.url ?? "", "http://localhost");
  const id = Id.safeParse(path.exec(url.pathname)?.[1]);
  if (!id.success) {
    throw new BerthError("REQUEST_INVALID", "The workspace id is not one.", {
      errors: [{ path: "params.workspaceId", message: "Not a UUID" }],
    });
  }
  try {
    return { workspaceId: id.data, params: decodeExecParams(url.searchParams.get("exec") ?? "") };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new BerthError("REQUEST_INVALID", error.message, {
      errors: [{ path: "query.exec", message: error.message }],
    });
  }
}
