import { type AgentFrame, type ClientFrame, createAgentFrameDecoder, encodeClientFrame } from "@berth/agent-protocol";
import type { WebSocket } from "ws";
import { CliError } from "../errors/cli-error.ts";
import type { OutputStream } from "../io.ts";

/** How a command ended; `error` says why it never ran. */
export type Ending = { code: number; error: { code: string; message: string } | undefined };

const KEEP_ALIVE_MS = 15_000;
/** Input on its way to the server; more is read only when less is. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/**
 * One command over one WebSocket: frames both ways, each direction as fast as its reader. Takes an open socket that is
 * paused, so that nothing is missed before `output` is called. Messages are read one by one rather than as a stream,
 * which would drop what has arrived when a late piece of input finds the other side closed.
 */
export class ExecSession {
  readonly #socket: WebSocket;
  #isHeldUp = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Sends a frame; resolves when there is room for the next. Does nothing once the connection is over. */
  async send(frame: ClientFrame): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    const parts = encodeClientFrame(frame);
    const [first] = parts;
    if (!first) return;
    // One message a frame: copying 64 KiB is cheaper than a message for its five-byte head.
    const message = parts.length === 1 ? first : Buffer.concat(parts);
    await new Promise<void>((resolve) => {
      // Called with an error too: then the connection is over, which `output` tells.
      socket.send(message, () => resolve());
      this.#isHeldUp = socket.bufferedAmount > MAX_UNSENT_BYTES;
      if (!this.#isHeldUp) resolve();
    });
    this.#isHeldUp = false;
  }

  /** Passes the command's output on until it ends. Throws EXEC_CONNECTION_LOST when the connection goes first. */
  async output(stdout: OutputStream, stderr: OutputStream): Promise<Ending> {
    const stopPinging = this.#keepAlive();
    try {
      return await this.#ending({ stdout, stderr });
    } finally {
      stopPinging();
      this.close();
    }
  }

  #ending(streams: Record<"stdout" | "stderr", OutputStream>): Promise<Ending> {
    const socket = this.#socket;
    const decoder = createAgentFrameDecoder();
    let error: Ending["error"];
    return new Promise((resolve, reject) => {
      const take = (frame: AgentFrame) => {
        if (frame.type === "exit") resolve({ code: frame.code, error });
        else if (frame.type === "error") error = { code: frame.code, message: frame.message };
        else this.#write(streams[frame.type], frame.data);
      };
      socket.on("message", (data: Buffer) => {
        try {
          for (const frame of decoder.push(data)) take(frame);
        } catch (cause) {
          reject(connectionLost(cause));
        }
      });
      socket.once("close", () => reject(connectionLost()));
      socket.resume();
    });
  }

  /** Stops reading while one of the outputs is full. */
  #write(stream: OutputStream, data: Uint8Array): void {
    if (stream.write(data) || this.#socket.isPaused) return;
    this.#socket.pause();
    stream.once("drain", () => this.#socket.resume());
  }

  /** Whether a frame would wait behind input that the command does not take. */
  get isHeldUp(): boolean {
    return this.#isHeldUp;
  }

  /** Ends the connection, and with it the command. */
  close(): void {
    this.#socket.terminate();
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
