import type { IncomingMessage } from "node:http";
import { type ExecParams, encodeExecParams, ProtocolError } from "@berth/agent-protocol";
import { ApiError, Problem, pathOf, routes } from "@berth/api";
import { WebSocket } from "ws";
import { CliError, usageError } from "../errors/cli-error.ts";
import { unreachable } from "../session.ts";

export type Target = { server: { url: string; token: string }; workspaceId: string };

/** Silence after which TCP asks whether the other side is still there. */
const PROBE_AFTER_MS = 15_000;
const MAX_PROBLEM_BYTES = 1024 * 1024;

/** Opens the WebSocket a command runs over, paused. Throws the server's problem, SERVER_UNREACHABLE, or the signal's reason. */
export async function connectExec(target: Target, params: ExecParams, signal: AbortSignal): Promise<WebSocket> {
  signal.throwIfAborted();
  const { websocket } = routes.exec;
  const path = pathOf(routes.exec, { params: { workspaceId: target.workspaceId }, query: { exec: encoded(params) } });
  const url = new URL(path, target.server.url);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url, websocket.subprotocol, {
    headers: { authorization: `Bearer ${target.server.token}` },
    perMessageDeflate: false,
    handshakeTimeout: 60_000,
  });
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const onAbort = () => {
      socket.terminate();
      settle(() => reject(signal.reason));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (error) => settle(() => reject(unreachable(target.server.url, error))));
    socket.once("upgrade", (response) => response.socket.setKeepAlive(true, PROBE_AFTER_MS));
    socket.once("unexpected-response", (_request, response) => {
      problemIn(response).then((error) => {
        socket.terminate();
        settle(() => reject(error));
      }, reject);
    });
    socket.once("open", () => {
      socket.pause();
      settle(() => resolve(socket));
    });
  });
}

function encoded(params: ExecParams): string {
  try {
    return encodeExecParams(params);
  } catch (error) {
    if (error instanceof ProtocolError) throw usageError(error.message);
    throw error;
  }
}

async function problemIn(response: IncomingMessage): Promise<Error> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    if (length > MAX_PROBLEM_BYTES) break;
    chunks.push(chunk);
  }
  try {
    return new ApiError(Problem.parse(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
  } catch (cause) {
    return new CliError(
      "unavailable",
      {
        code: "ANSWER_NOT_UNDERSTOOD",
        title: "The answer was not Berth's",
        detail: `The server refused the connection with status ${response.statusCode}, in a form that Berth does not send.`,
        fix: { text: "Check that the URL is Berth's, and that a proxy in between lets WebSockets pass." },
      },
      { cause },
    );
  }
}
