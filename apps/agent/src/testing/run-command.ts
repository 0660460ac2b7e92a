import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type ClientFrame, createAgentFrameDecoder, type ExecParams, encodeClientFrame } from "@berth/agent-protocol";
import type { AgentTunnel } from "@berth/agent-protocol/tunnel";

export type CommandResult = {
  stdout: string;
  stderr: string;
  code: number;
  signal?: string | undefined;
  error?: { code: string; message: string };
};

/** Sends one frame. */
export function send(stream: Duplex, frame: ClientFrame): boolean {
  let isWritable = true;
  for (const part of encodeClientFrame(frame)) isWritable = stream.write(part);
  return isWritable;
}

/** Reads a command's stream to its end. */
export async function collect(stream: Duplex): Promise<CommandResult> {
  const decoder = createAgentFrameDecoder();
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  const result: CommandResult = { stdout: "", stderr: "", code: -1 };
  for await (const chunk of stream) {
    for (const frame of decoder.push(chunk)) {
      if (frame.type === "stdout") stdout.push(frame.data);
      else if (frame.type === "stderr") stderr.push(frame.data);
      else if (frame.type === "error") result.error = { code: frame.code, message: frame.message };
      else Object.assign(result, { code: frame.code, signal: frame.signal });
    }
  }
  decoder.end();
  result.stdout = Buffer.concat(stdout).toString("latin1");
  result.stderr = Buffer.concat(stderr).toString("latin1");
  return result;
}

/** Runs a command to its end, with all of its stdin given beforehand. */
export async function run(
  tunnel: AgentTunnel,
  command: string[] | null,
  options: Omit<ExecParams, "command"> & { stdin?: string | Buffer } = {},
): Promise<CommandResult> {
  const { stdin, ...params } = options;
  const stream = await tunnel.openExec({ command, ...params }, AbortSignal.timeout(60_000));
  if (stdin !== undefined) send(stream, { type: "stdin", data: Buffer.from(stdin) });
  if (params.tty === undefined) send(stream, { type: "stdin-end" });
  return collect(stream);
}

/** A command that is talked to while it runs. */
export class Conversation {
  readonly stream: Duplex;
  readonly result: Promise<CommandResult>;
  #output = "";
  #exit: CommandResult | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(stream: Duplex) {
    this.stream = stream;
    this.result = this.#read();
    this.result.catch(() => {});
  }

  static async open(
    tunnel: AgentTunnel,
    params: ExecParams,
    signal = AbortSignal.timeout(60_000),
  ): Promise<Conversation> {
    return new Conversation(await tunnel.openExec(params, signal));
  }

  send(frame: ClientFrame): void {
    send(this.stream, frame);
  }

  type(text: string): void {
    this.send({ type: "stdin", data: Buffer.from(text) });
  }

  /** Resolves with all output so far, once it matches. */
  async until(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const late = new Promise<never>((_resolve, reject) => {
      deadline.addEventListener("abort", () => reject(new Error(`no ${pattern} in ${JSON.stringify(this.#output)}`)));
    });
    late.catch(() => {});
    while (!pattern.test(this.#output)) {
      if (this.#exit) throw new Error(`ended without ${pattern}: ${JSON.stringify(this.#output)}`);
      await Promise.race([this.#wake.promise, late]);
    }
    return this.#output;
  }

  /** Forgets what was said so far. */
  clear(): void {
    this.#output = "";
  }

  async #read(): Promise<CommandResult> {
    const decoder = createAgentFrameDecoder();
    const result: CommandResult = { stdout: "", stderr: "", code: -1 };
    try {
      for await (const chunk of this.stream) {
        for (const frame of decoder.push(chunk)) {
          if (frame.type === "stdout" || frame.type === "stderr") {
            const text = Buffer.from(frame.data).toString("utf8");
            result[frame.type] += text;
            this.#output += text;
          } else if (frame.type === "error") result.error = { code: frame.code, message: frame.message };
          else Object.assign(result, { code: frame.code, signal: frame.signal });
        }
        this.#wake.resolve();
        this.#wake = Promise.withResolvers();
      }
      return result;
    } finally {
      this.#exit = result;
      this.#wake.resolve();
    }
  }
}

/** Reads a whole body as text. */
export async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  return (await buffer(stream)).toString("utf8");
}
