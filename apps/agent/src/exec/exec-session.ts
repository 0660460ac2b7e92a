import type { ServerHttp2Stream } from "node:http2";
import {
  type AgentFrame,
  type ClientFrame,
  createClientFrameDecoder,
  type ExecErrorCode,
  encodeAgentFrame,
  execErrorExitCodes,
  ProtocolError,
} from "@berth/agent-protocol";
import type { Command, CommandExit } from "./command.ts";
import { Drain } from "./drain.ts";

/** How long a command may take to end after its client is gone. */
const HANG_UP_GRACE_MS = 5000;

/** Joins one command and one stream: frames in, frames out, backpressure both ways, until either ends. */
export class ExecSession {
  readonly #stream: ServerHttp2Stream;
  readonly #command: Command;
  readonly #decoder = createClientFrameDecoder();
  #drain: Drain | undefined;
  #isFlowing = true;
  #isOver = false;
  #hasInput = true;
  #openOutputs: number;
  #exit: CommandExit | undefined;
  /** Resolves when the command is gone and told about, or hung up on. */
  readonly ended: Promise<void>;

  constructor(stream: ServerHttp2Stream, command: Command) {
    this.#stream = stream;
    this.#command = command;
    this.#openOutputs = command.outputs.length;
    for (const output of command.outputs) {
      output.stream.on("data", (data: Buffer) => this.#onOutput(output.type, data));
      output.stream.on("error", () => {});
      output.stream.once("close", () => this.#onOutputClosed());
    }
    stream.on("drain", () => this.#setFlowing(true));
    stream.on("data", (chunk: Buffer) => this.#onInput(chunk));
    stream.once("end", () => this.#endInput());
    stream.once("close", () => this.#hangUp());
    command.onInputDrain(() => stream.resume());
    this.ended = command.exited.then((exit) => this.#onExit(exit));
    if (stream.destroyed) this.#hangUp();
  }

  #onOutput(type: "stdout" | "stderr", data: Buffer): void {
    if (this.#isOver) return;
    if (!writeFrame(this.#stream, { type, data })) this.#setFlowing(false);
    this.#drain?.sawOutput(data.length);
  }

  #setFlowing(isFlowing: boolean): void {
    if (this.#isOver || this.#isFlowing === isFlowing) return;
    this.#isFlowing = isFlowing;
    for (const { stream } of this.#command.outputs) isFlowing ? stream.resume() : stream.pause();
    this.#drain?.setFlowing(isFlowing);
  }

  #onOutputClosed(): void {
    this.#openOutputs -= 1;
    if (this.#openOutputs === 0 && this.#exit !== undefined) this.#finish();
  }

  #onExit(exit: CommandExit): void {
    this.#exit = exit;
    if (this.#isOver) return;
    if (this.#openOutputs === 0) this.#finish();
    else this.#drain = new Drain(this.#isFlowing, () => this.#finish());
  }

  #onInput(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      for (const frame of this.#decoder.push(chunk)) this.#apply(frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail("PROTOCOL_VIOLATION", error.message);
    }
  }

  #apply(frame: ClientFrame): void {
    switch (frame.type) {
      case "stdin":
        if (!this.#command.writeInput(frame.data)) this.#stream.pause();
        return;
      case "stdin-end":
        this.#endInput();
        return;
      case "resize":
        this.#command.resize(frame);
        return;
      case "signal":
        // After the exit its process group may be somebody else's.
        if (this.#exit === undefined) this.#command.signal(frame.name);
    }
  }

  #endInput(): void {
    if (this.#hasInput) this.#command.endInput();
    this.#hasInput = false;
  }

  #finish(): void {
    if (this.#isOver || this.#exit === undefined) return;
    this.#close();
    endWithExit(this.#stream, this.#exit);
  }

  #fail(code: ExecErrorCode, message: string): void {
    this.#hangUp();
    endWithError(this.#stream, code, message);
  }

  /** The client is gone: so is the command's reason to run. */
  #hangUp(): void {
    if (this.#isOver) return;
    this.#close();
    if (this.#exit !== undefined) return;
    this.#command.signal("HUP");
    const timer = setTimeout(() => this.#command.signal("KILL"), HANG_UP_GRACE_MS);
    void this.#command.exited.then(() => clearTimeout(timer));
  }

  #close(): void {
    this.#isOver = true;
    this.#drain?.stop();
    this.#command.release();
    // What the client still sends is read and dropped, or its stream would never end.
    this.#stream.resume();
  }
}

function writeFrame(stream: ServerHttp2Stream, frame: AgentFrame): boolean {
  stream.cork();
  let isWritable = true;
  for (const part of encodeAgentFrame(frame)) isWritable = stream.write(part);
  stream.uncork();
  return isWritable;
}

function endWithExit(stream: ServerHttp2Stream, exit: CommandExit): void {
  if (stream.destroyed) return;
  writeFrame(stream, { type: "exit", ...exit });
  stream.end();
}

/** Tells why a command did not run, and ends the stream. */
export function endWithError(stream: ServerHttp2Stream, code: ExecErrorCode, message: string): void {
  if (stream.destroyed) return;
  writeFrame(stream, { type: "error", code, message });
  endWithExit(stream, { code: execErrorExitCodes[code] });
}
