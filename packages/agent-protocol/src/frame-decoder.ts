import {
  type AgentFrame,
  agentFrameReaders,
  type ClientFrame,
  clientFrameReaders,
  FRAME_HEADER_BYTES,
  type FrameReader,
  MAX_CONTROL_BYTES,
  MAX_DATA_BYTES,
} from "./frames.ts";
import { ProtocolError } from "./protocol-error.ts";

/**
 * Cuts a byte stream into frames, however it is chunked. Data is passed on as it comes, as views of the caller's chunks
 * (so a large frame may arrive as several), and only control payloads are held: memory stays under 64 KiB.
 */
export class FrameDecoder<F> {
  readonly #readers: ReadonlyMap<number, FrameReader<F>>;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  #reader: FrameReader<F> | undefined;
  #remaining = 0;
  #control: Uint8Array | undefined;

  constructor(readers: ReadonlyMap<number, FrameReader<F>>) {
    this.#readers = readers;
  }

  /** Frames completed by this chunk. Throws FRAME_UNKNOWN, FRAME_TOO_LARGE or FRAME_MALFORMED; the stream is then lost. */
  push(chunk: Uint8Array): F[] {
    const frames: F[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#reader === undefined) {
        const taken = Math.min(FRAME_HEADER_BYTES - this.#headerFilled, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
        this.#headerFilled += taken;
        at += taken;
        if (this.#headerFilled < FRAME_HEADER_BYTES) break;
        this.#begin();
      } else {
        const taken = Math.min(this.#remaining, chunk.length - at);
        const frame = this.#take(this.#reader, chunk.subarray(at, at + taken));
        if (frame !== undefined) frames.push(frame);
        at += taken;
      }
      const finished = this.#finish();
      if (finished !== undefined) frames.push(finished);
    }
    return frames;
  }

  /** Call at the end of the stream. Throws FRAME_TRUNCATED when it ends inside a frame. */
  end(): void {
    if (this.#headerFilled > 0) throw new ProtocolError("FRAME_TRUNCATED", "The stream ended inside a frame.");
  }

  #begin(): void {
    const type = this.#header[0] ?? 0;
    const reader = this.#readers.get(type);
    if (reader === undefined) throw new ProtocolError("FRAME_UNKNOWN", `Frame type ${type} is not known here.`);
    const length = new DataView(this.#header.buffer).getUint32(1);
    if (length > (reader.kind === "data" ? MAX_DATA_BYTES : MAX_CONTROL_BYTES)) {
      throw new ProtocolError("FRAME_TOO_LARGE", `A frame of ${length} bytes is over its limit.`);
    }
    this.#reader = reader;
    this.#remaining = length;
    if (reader.kind === "control") this.#control = new Uint8Array(length);
  }

  #take(reader: FrameReader<F>, bytes: Uint8Array): F | undefined {
    if (reader.kind === "control") this.#control?.set(bytes, this.#control.length - this.#remaining);
    this.#remaining -= bytes.length;
    return reader.kind === "data" ? reader.read(bytes) : undefined;
  }

  #finish(): F | undefined {
    if (this.#reader === undefined || this.#remaining > 0) return undefined;
    const frame = this.#reader.kind === "control" ? this.#reader.parse(this.#control ?? new Uint8Array(0)) : undefined;
    this.#reader = undefined;
    this.#control = undefined;
    this.#headerFilled = 0;
    return frame;
  }
}

/** Decodes what a client sends. */
export function createClientFrameDecoder(): FrameDecoder<ClientFrame> {
  return new FrameDecoder(clientFrameReaders);
}

/** Decodes what an agent sends. */
export function createAgentFrameDecoder(): FrameDecoder<AgentFrame> {
  return new FrameDecoder(agentFrameReaders);
}
