import { once } from "node:events";
import type { Duplex } from "node:stream";
import { type ClientFrame, createAgentFrameDecoder, encodeClientFrame } from "@berth/agent-protocol";
import { createWebSocketStream, type WebSocket } from "ws";
import { CliError } from "../errors/cli-error.ts";
import { type OutputStream, writeAll } from "../io.ts";

/** How a command ended; `error` says why it never ran. */
export type Ending = { code: number; error: { code: string; message: string } | undefined };

const KEEP_ALIVE_MS = 15_000;

/** One command over one WebSocket: frames both ways, each direction as fast as its reader. */
export class ExecSession {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  #isOver = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#stream = createWebSocketStream(socket, { allowHalfOpen: false });
    // Told by `output`, which sees the stream end without an exit frame.
    this.#stream.on("error", () => undefined);
  }

  /** Sends a frame; resolves when there is room for the next. Does nothing once the command is over. */
  async send(frame: ClientFrame): Promise<void> {
    if (this.#isOver || this.#stream.writableEnded || this.#stream.destroyed) return;
    const parts = encodeClientFrame(frame);
    const [first] = parts;
    if (!first) return;
    // One message a frame: copying 64 KiB is cheaper than a message for its five-byte head.
    if (this.#stream.write(parts.length === 1 ? first : Buffer.concat(parts))) return;
    const closed = new AbortController();
    const end = () => closed.abort();
    this.#stream.once("close", end);
    await once(this.#stream, "drain", { signal: closed.signal }).catch(() => undefined);
    this.#stream.off("close", end);
  }

  /** Passes the command's output on until it ends. Throws EXEC_CONNECTION_LOST when the connection goes first. */
  async output(stdout: OutputStream, stderr: OutputStream): Promise<Ending> {
    const stopPinging = this.#keepAlive();
    const decoder = createAgentFrameDecoder();
    let error: Ending["error"];
    try {
      for await (const chunk of this.#stream) {
        for (const frame of decoder.push(chunk)) {
          if (frame.type === "stdout") await writeAll(stdout, frame.data);
          else if (frame.type === "stderr") await writeAll(stderr, frame.data);
          else if (frame.type === "error") error = { code: frame.code, message: frame.message };
          else return { code: frame.code, error };
        }
      }
    } catch (cause) {
      throw connectionLost(cause);
    } finally {
      this.#isOver = true;
      stopPinging();
      this.close();
    }
    throw connectionLost();
  }

  /** Whether a frame would wait behind input that the command does not take. */
  get isHeldUp(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Ends the connection, and with it the command. */
  close(): void {
    this.#isOver = true;
    this.#socket.close();
    this.#stream.destroy();
  }

  /**
   * A connection that says nothing is cut by proxies. The answer is not waited for: while a slow reader holds the other
   * side up, none comes; a dead link is found by TCP's own probes.
   */
  #keepAlive(): () => void {
    const timer = setInterval(() => {
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
    }, KEEP_ALIVE_MS);
    return () => clearInterval(timer);
  }
}

function connectionLost(cause?: unknown): CliError {
  return new CliError(
    "execFailed",
    {
      code: "EXEC_CONNECTION_LOST",
      title: "The connection was lost",
      detail: "The connection to the workspace was lost before the command ended; it may have been ended with it.",
      fix: { text: "See whether the workspace still runs with `berth ws ls`, then try again." },
      retryable: true,
    },
    { cause },
  );
}
