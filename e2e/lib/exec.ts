import { createAgentFrameDecoder, type ExecParams, encodeClientFrame, encodeExecParams } from "@berth/agent-protocol";
import { apiPrefix, workspaceRoutes } from "@berth/api";
import { WebSocket } from "ws";

export type ExecTarget = { url: string; token: string; workspaceId: string };
export type ExecResult = { code: number; stdout: Buffer; stderr: Buffer; error?: string };

/** Opens the WebSocket of a command. */
export function openExec({ url, token, workspaceId }: ExecTarget, params: ExecParams): WebSocket {
  const address = new URL(`${apiPrefix}/workspaces/${workspaceId}/exec`, url.replace(/^http/, "ws"));
  address.searchParams.set("exec", encodeExecParams(params));
  return new WebSocket(address, workspaceRoutes.exec.websocket.subprotocol, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  });
}

/** Runs a command to its end. */
export async function exec(target: ExecTarget, command: string[], input?: Buffer): Promise<ExecResult> {
  const socket = openExec(target, { command });
  const decoder = createAgentFrameDecoder();
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  let code: number | undefined;
  let error: string | undefined;
  const send = (parts: readonly Uint8Array[]) => {
    for (const part of parts) socket.send(part);
  };
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", () => {
      for (let at = 0; input && at < input.length; at += 65_536) {
        send(encodeClientFrame({ type: "stdin", data: input.subarray(at, at + 65_536) }));
      }
      send(encodeClientFrame({ type: "stdin-end" }));
    });
    socket.on("message", (data: Buffer) => {
      for (const frame of decoder.push(data)) {
        if (frame.type === "stdout") stdout.push(frame.data);
        else if (frame.type === "stderr") stderr.push(frame.data);
        else if (frame.type === "error") error = frame.code;
        else code = frame.code;
      }
    });
    socket.on("close", () => resolve());
  });
  if (code === undefined) throw new Error("the command's stream ended without its exit code");
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), ...(error ? { error } : {}) };
}

/** Opens a login shell on a terminal; resolves with the first byte it shows, then hangs up. */
export async function firstPromptByte(target: ExecTarget): Promise<void> {
  const socket = openExec(target, { command: null, tty: { columns: 80, rows: 24, term: "xterm-256color" } });
  const decoder = createAgentFrameDecoder();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the terminal closed without a prompt")));
      socket.on("message", (data: Buffer) => {
        if (decoder.push(data).some((frame) => frame.type === "stdout")) resolve();
      });
    });
  } finally {
    socket.terminate();
  }
}
