import { type ChildProcess, spawn } from "node:child_process";
import type { IncomingMessage } from "node:http";
import { constants } from "node:os";
import type { Duplex } from "node:stream";
import {
  type AgentFrame,
  type ClientFrame,
  createClientFrameDecoder,
  decodeExecParams,
  type ExecParams,
  encodeAgentFrame,
} from "@berth/agent-protocol";
import { ApiError, routes } from "@berth/api";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";

/** Ends the connection in the middle, as a server that dies does: a command of this name. */
export const vanishingCommand = "vanish";

/** Serves `exec` with programs of this machine, piped; `accept` refuses by throwing a problem, or gives the parameters. */
export function serveExec(accept: (request: IncomingMessage) => string) {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.has(routes.exec.websocket.subprotocol) && routes.exec.websocket.subprotocol,
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      const params = decodeExecParams(accept(request));
      sockets.handleUpgrade(request, socket, head, (webSocket) => void runIn(webSocket, params));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const body = JSON.stringify(error.problem);
      socket.end(
        `HTTP/1.1 ${error.problem.status} Refused\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    }
  };
  return {
    upgrade,
    close() {
      for (const client of sockets.clients) client.terminate();
    },
  };
}

async function runIn(webSocket: WebSocket, params: ExecParams): Promise<void> {
  if (params.command?.[0] === vanishingCommand) return webSocket.terminate();
  const stream = createWebSocketStream(webSocket);
  stream.on("error", () => undefined);
  await runProgram(stream, params);
}

/** Runs a program of this machine over a stream of frames, as an agent does in its workspace. */
export async function runProgram(stream: Duplex, params: ExecParams): Promise<void> {
  const send = (frame: AgentFrame) =>
    encodeAgentFrame(frame)
      .map((part) => stream.write(part))
      .every(Boolean);
  const [program = "sh", ...args] = params.command ?? ["sh"];
  const size = params.tty
    ? { COLUMNS: String(params.tty.columns), LINES: String(params.tty.rows), TERM: params.tty.term }
    : {};
  const child = spawn(program, args, {
    cwd: params.cwd,
    env: { PATH: process.env.PATH, ...size, ...params.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined);
  stream.once("close", () => child.kill("SIGKILL"));
  // A program that cannot be started is told of twice, and ends once.
  let isOver = false;
  const end = (frame: AgentFrame) => {
    if (isOver) return;
    isOver = true;
    send(frame);
    stream.end();
  };
  child.once("error", () => {
    send({ type: "error", code: "COMMAND_NOT_FOUND", message: `${program}: not found` });
    end({ type: "exit", code: 127 });
  });
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (data: Buffer) => {
      if (send({ type: name, data })) return;
      child[name].pause();
      stream.once("drain", () => child[name].resume());
    });
  }
  child.once("close", (code, signal) => {
    end({ type: "exit", code: code ?? 128 + (signal ? constants.signals[signal] : 0) });
  });
  await feed(stream, child, send).catch(() => child.kill("SIGKILL"));
}

/** Input, its end, signals; a resize is told as the size on a line of its own, for tests to see. */
async function feed(stream: Duplex, child: ChildProcess, send: (frame: AgentFrame) => boolean): Promise<void> {
  const decoder = createClientFrameDecoder();
  for await (const chunk of stream) {
    for (const frame of decoder.push(chunk) as ClientFrame[]) {
      if (frame.type === "stdin") {
        if (!child.stdin?.write(frame.data)) await new Promise((resolve) => child.stdin?.once("drain", resolve));
      } else if (frame.type === "stdin-end") child.stdin?.end();
      else if (frame.type === "signal") child.kill(`SIG${frame.name}` as NodeJS.Signals);
      else send({ type: "stdout", data: Buffer.from(`size ${frame.columns}x${frame.rows}\r\n`) });
    }
  }
}
