export * from "./exec.ts";
export * from "./frame-decoder.ts";
export {
  type AgentFrame,
  type ClientFrame,
  encodeAgentFrame,
  encodeClientFrame,
  FRAME_HEADER_BYTES,
  MAX_CONTROL_BYTES,
  MAX_DATA_BYTES,
} from "./frames.ts";
export * from "./handshake.ts";
export * from "./protocol-error.ts";
