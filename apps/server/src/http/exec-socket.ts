import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { decodeExecParams, type ExecParams, ProtocolError } from "@berth/agent-protocol";
import { workspaceRoutes } from "@berth/api";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import type { AgentConnection, AgentHub } from "../agents/agent-hub.ts";
import { BerthError } from "../domain/berth-error.ts";
import type { Workspaces } from "../domain/workspaces/workspaces.ts";
import type { UpgradeRequest } from "./handler.ts";

export type ExecSocketDeps = {
  workspaces: Pick<Workspaces, "connect">;
  hub: Pick<AgentHub, "waitFor">;
  /** How long a request waits for an agent that is just coming back, e.g. after a restart of the server. */
  agentWaitMs: number;
  log: { warn(fields: object, message: string): void };
};

/** Enough to keep a fast line busy, little beside what a workspace costs. */
const bufferBytes = 256 * 1024;
const { subprotocol } = workspaceRoutes.exec.websocket;
type ExecRequest = UpgradeRequest<typeof workspaceRoutes.exec>;

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

  /** Answers the upgrade. Throws what becomes a problem, as long as nothing was answered. */
  async upgrade({ params, query, actor, message, socket, head, signal }: ExecRequest): Promise<void> {
    const exec = parseExec(query.exec);
    const workspace = await this.#deps.workspaces.connect(actor, params.workspaceId);
    const connection = await this.#agentOf(workspace, signal);
    const stream = await connection.tunnel.openExec(exec, signal).catch((cause: unknown) => {
      throw new BerthError("AGENT_UNREACHABLE", `The agent of ${workspace.name} does not answer.`, { cause });
    });
    this.#websockets.handleUpgrade(message, socket, head, (websocket) => {
      void this.#join(websocket, stream, workspace.id);
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

  /**
   * The command decides when the session is over: whatever the client's side does meanwhile, its last frames are
   * delivered. Only a client that is gone ends the command.
   */
  async #join(websocket: WebSocket, stream: Duplex, workspaceId: string): Promise<void> {
    const client = createWebSocketStream(websocket, {
      readableHighWaterMark: bufferBytes,
      writableHighWaterMark: bufferBytes,
    });
    stream.on("error", () => undefined);
    client.on("error", () => undefined);
    client.once("close", () => stream.destroy());
    client.pipe(stream);
    try {
      await pipeline(stream, client);
    } catch (error) {
      websocket.terminate();
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ERR_STREAM_PREMATURE_CLOSE")
        this.#deps.log.warn({ err: error, workspaceId }, "a command's stream broke");
    }
  }
}

function parseExec(value: string): ExecParams {
  try {
    return decodeExecParams(value);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new BerthError("REQUEST_INVALID", error.message, {
      errors: [{ path: "query.exec", message: error.message }],
    });
  }
}
