import * as z from "zod";
import {
  type SignalName,
  SignalName as SignalNameSchema,
  type TerminalSize,
  TerminalSize as TerminalSizeSchema,
} from "./exec.ts";
import { ProtocolError } from "./protocol-error.ts";

/** Type, one byte, and payload length, four bytes, big-endian. */
export const FRAME_HEADER_BYTES = 5;
/** Largest payload of a frame that carries a stream's bytes. */
export const MAX_DATA_BYTES = 1024 * 1024;
/** Largest payload of any other frame. */
export const MAX_CONTROL_BYTES = 64 * 1024;
/** Below this, header and payload are copied into one buffer: cheaper than two writes. */
const COALESCE_BYTES = 1024;

/** What a client says to a command. */
export type ClientFrame =
  | { type: "stdin"; data: Uint8Array }
  /** No more stdin follows; the command sees end of file. */
  | { type: "stdin-end" }
  | ({ type: "resize" } & TerminalSize)
  | { type: "signal"; name: SignalName };

/** What a command says to its client. `exit` is always the last; an `error` says why, right before it. */
export type AgentFrame =
  | { type: "stdout"; data: Uint8Array }
  | { type: "stderr"; data: Uint8Array }
  /** `code` is 128 + n when signal n ended it. */
  | { type: "exit"; code: number; signal?: string | undefined }
  | { type: "error"; code: string; message: string };

export const clientFrameTypes = { stdin: 0x01, "stdin-end": 0x02, resize: 0x03, signal: 0x04 } as const;
export const agentFrameTypes = { stdout: 0x11, stderr: 0x12, exit: 0x13, error: 0x14 } as const;

const encoder = new TextEncoder();

function withHeader(type: number, payload: Uint8Array): Uint8Array[] {
  const isSmall = payload.length < COALESCE_BYTES;
  const head = new Uint8Array(FRAME_HEADER_BYTES + (isSmall ? payload.length : 0));
  head[0] = type;
  new DataView(head.buffer).setUint32(1, payload.length);
  if (!isSmall) return [head, payload];
  head.set(payload, FRAME_HEADER_BYTES);
  return [head];
}

function data(type: number, payload: Uint8Array): Uint8Array[] {
  if (payload.length <= MAX_DATA_BYTES) return payload.length === 0 ? [] : withHeader(type, payload);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += MAX_DATA_BYTES) {
    parts.push(...withHeader(type, payload.subarray(at, at + MAX_DATA_BYTES)));
  }
  return parts;
}

function control(type: number, value: unknown): Uint8Array[] {
  const payload = encoder.encode(JSON.stringify(value));
  if (payload.length > MAX_CONTROL_BYTES) throw new ProtocolError("FRAME_TOO_LARGE", "A control frame is too large.");
  return withHeader(type, payload);
}

/**
 * Gives the buffers of one frame, to be written in order. Large payloads are passed on, not copied, so the caller must
 * not reuse them; data beyond `MAX_DATA_BYTES` becomes several frames, and empty data none.
 */
export function encodeClientFrame(frame: ClientFrame): Uint8Array[] {
  const type = clientFrameTypes[frame.type];
  switch (frame.type) {
    case "stdin":
      return data(type, frame.data);
    case "stdin-end":
      return withHeader(type, new Uint8Array(0));
    case "resize":
      return control(type, { columns: frame.columns, rows: frame.rows });
    case "signal":
      return control(type, { name: frame.name });
  }
}

/** As `encodeClientFrame`, for the agent's side. */
export function encodeAgentFrame(frame: AgentFrame): Uint8Array[] {
  const type = agentFrameTypes[frame.type];
  switch (frame.type) {
    case "stdout":
    case "stderr":
      return data(type, frame.data);
    case "exit":
      return control(type, { code: frame.code, signal: frame.signal });
    case "error":
      return control(type, { code: frame.code, message: frame.message });
  }
}

/** How a decoder reads one frame type: bytes passed on as they come, or a whole payload parsed at its end. */
export type FrameReader<F> =
  | { kind: "data"; read(bytes: Uint8Array): F }
  | { kind: "control"; parse(payload: Uint8Array): F };

function json<S extends z.ZodType, F>(schema: S, make: (value: z.output<S>) => F): FrameReader<F> {
  return {
    kind: "control",
    parse(payload) {
      try {
        return make(schema.parse(JSON.parse(new TextDecoder().decode(payload))));
      } catch (cause) {
        throw new ProtocolError("FRAME_MALFORMED", "A control frame does not hold what its type promises.", { cause });
      }
    },
  };
}

/** Reads what clients send, by frame type. */
export const clientFrameReaders: ReadonlyMap<number, FrameReader<ClientFrame>> = new Map<
  number,
  FrameReader<ClientFrame>
>([
  [clientFrameTypes.stdin, { kind: "data", read: (bytes) => ({ type: "stdin", data: bytes }) }],
  [clientFrameTypes["stdin-end"], { kind: "control", parse: () => ({ type: "stdin-end" }) }],
  [clientFrameTypes.resize, json(TerminalSizeSchema, (size) => ({ type: "resize", ...size }))],
  [clientFrameTypes.signal, json(z.object({ name: SignalNameSchema }), ({ name }) => ({ type: "signal", name }))],
]);

const Exit = z.object({ code: z.int().min(0).max(255), signal: z.string().optional() });
const Failure = z.object({ code: z.string(), message: z.string() });

/** Reads what agents send, by frame type. */
export const agentFrameReaders: ReadonlyMap<number, FrameReader<AgentFrame>> = new Map<number, FrameReader<AgentFrame>>(
  [
    [agentFrameTypes.stdout, { kind: "data", read: (bytes) => ({ type: "stdout", data: bytes }) }],
    [agentFrameTypes.stderr, { kind: "data", read: (bytes) => ({ type: "stderr", data: bytes }) }],
    [agentFrameTypes.exit, json(Exit, (exit) => ({ type: "exit", ...exit }))],
    [agentFrameTypes.error, json(Failure, (failure) => ({ type: "error", ...failure }))],
  ],
);
