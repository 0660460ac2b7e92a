import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAgentFrameDecoder, createClientFrameDecoder } from "./frame-decoder.ts";
import {
  type AgentFrame,
  type ClientFrame,
  encodeAgentFrame,
  encodeClientFrame,
  FRAME_HEADER_BYTES,
  MAX_DATA_BYTES,
} from "./frames.ts";

const bytes = fc.uint8Array({ minLength: 1, maxLength: 5000 });
const clientFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
  bytes.map((data): ClientFrame => ({ type: "stdin", data })),
  fc.constant<ClientFrame>({ type: "stdin-end" }),
  fc
    .record({ columns: fc.integer({ min: 1, max: 10_000 }), rows: fc.integer({ min: 1, max: 10_000 }) })
    .map((size): ClientFrame => ({ type: "resize", ...size })),
  fc.constantFrom("INT", "TERM", "KILL").map((name): ClientFrame => ({ type: "signal", name: name as "INT" })),
);
const agentFrame: fc.Arbitrary<AgentFrame> = fc.oneof(
  bytes.map((data): AgentFrame => ({ type: "stdout", data })),
  bytes.map((data): AgentFrame => ({ type: "stderr", data })),
  fc.integer({ min: 0, max: 255 }).map((code): AgentFrame => ({ type: "exit", code })),
  fc.constant<AgentFrame>({ type: "exit", code: 137, signal: "SIGKILL" }),
  fc.record({ code: fc.string(), message: fc.string() }).map((error): AgentFrame => ({ type: "error", ...error })),
);

/** Cuts bytes at the given places, given as fractions. */
function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => Math.floor(place * whole.length)).sort((a, b) => a - b), whole.length];
  return at.slice(1).map((end, index) => whole.subarray(at[index], end));
}

/** Joins neighbouring data frames of one type: how data is cut is not part of what was said. */
function merged<F extends { type: string }>(frames: readonly F[]): unknown[] {
  const result: { type: string; data?: string }[] = [];
  for (const frame of frames) {
    const last = result.at(-1);
    if (!("data" in frame)) result.push({ ...frame, ...("signal" in frame && { signal: frame.signal }) });
    else {
      const text = Buffer.from(frame.data as Uint8Array).toString("hex");
      if (last?.type === frame.type) last.data += text;
      else result.push({ type: frame.type, data: text });
    }
  }
  return result;
}

describe("frames", () => {
  it("say the same after any chunking, from client to agent", () => {
    fc.assert(
      fc.property(fc.array(clientFrame), fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (frames, places) => {
        const decoder = createClientFrameDecoder();
        const decoded = cut(Buffer.concat(frames.flatMap(encodeClientFrame)), places).flatMap((c) => decoder.push(c));
        decoder.end();
        expect(merged(decoded)).toEqual(merged(frames));
      }),
    );
  });

  it("say the same after any chunking, from agent to client", () => {
    fc.assert(
      fc.property(fc.array(agentFrame), fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (frames, places) => {
        const decoder = createAgentFrameDecoder();
        const decoded = cut(Buffer.concat(frames.flatMap(encodeAgentFrame)), places).flatMap((c) => decoder.push(c));
        decoder.end();
        expect(merged(decoded)).toEqual(merged(frames));
      }),
    );
  });

  it("never turn noise into anything but frames or a protocol error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        try {
          createClientFrameDecoder().push(noise);
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^FRAME_/);
        }
      }),
    );
  });

  it("pass large payloads on without copying them", () => {
    const data = Buffer.alloc(200_000, 7);
    const parts = encodeAgentFrame({ type: "stdout", data });
    expect(parts[1]).toBe(data);
    const [frame] = createAgentFrameDecoder().push(Buffer.concat(parts));
    expect(frame?.type === "stdout" && frame.data.length).toBe(200_000);
  });

  it("split data above the limit and refuse a frame above it", () => {
    const parts = encodeClientFrame({ type: "stdin", data: Buffer.alloc(MAX_DATA_BYTES + 1) });
    expect(parts.map((part) => part.length)).toEqual([FRAME_HEADER_BYTES, MAX_DATA_BYTES, FRAME_HEADER_BYTES + 1]);
    const tooLarge = Uint8Array.of(0x01, 0x00, 0x10, 0x00, 0x01);
    expect(() => createClientFrameDecoder().push(tooLarge)).toThrow(
      expect.objectContaining({ code: "FRAME_TOO_LARGE" }),
    );
    const hugeControl = Uint8Array.of(0x03, 0x00, 0x01, 0x00, 0x01);
    expect(() => createClientFrameDecoder().push(hugeControl)).toThrow(
      expect.objectContaining({ code: "FRAME_TOO_LARGE" }),
    );
  });

  it.each([
    ["an unknown type", [0x7f, 0, 0, 0, 0], "FRAME_UNKNOWN"],
    ["the other side's type", [0x11, 0, 0, 0, 0], "FRAME_UNKNOWN"],
    ["a resize that is not JSON", [0x03, 0, 0, 0, 1, 0x78], "FRAME_MALFORMED"],
    ["a resize to nothing", [0x03, 0, 0, 0, 2, 0x7b, 0x7d], "FRAME_MALFORMED"],
  ])("refuse %s", (_what, input, code) => {
    expect(() => createClientFrameDecoder().push(Uint8Array.from(input))).toThrow(expect.objectContaining({ code }));
  });

  it("notice a stream that ends inside a frame", () => {
    const decoder = createAgentFrameDecoder();
    decoder.push(Uint8Array.of(0x11, 0, 0, 0, 5, 1, 2));
    expect(() => decoder.end()).toThrow(expect.objectContaining({ code: "FRAME_TRUNCATED" }));
  });
});
