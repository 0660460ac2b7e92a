import * as z from "zod";
import { ProtocolError } from "./protocol-error.ts";

/** Header of `POST /v1/exec`: base64url of the parameters as JSON. */
export const EXEC_HEADER = "berth-exec";
/** Longest header value: an HTTP/2 header list of 64 KiB must hold it beside the others. */
export const MAX_EXEC_HEADER_BYTES = 48 * 1024;

const text = z.string().refine((value) => !value.includes("\0"), "must not contain NUL");

/** Size of a terminal in character cells. */
export const TerminalSize = z.object({ columns: z.int().min(1).max(10_000), rows: z.int().min(1).max(10_000) });
export type TerminalSize = z.output<typeof TerminalSize>;

/** What to run in a workspace. */
export const ExecParams = z.object({
  /** Program and arguments, no shell in between; `null` is the user's login shell. */
  command: z.array(text).min(1).nullable(),
  /** Present: run on a terminal of this size. */
  tty: TerminalSize.extend({ term: z.string().regex(/^[A-Za-z0-9._+-]{1,64}$/) }).optional(),
  /** Added over the workspace's own variables. */
  env: z.record(z.string().regex(/^[^=\0]+$/), text).optional(),
  /** Absolute, or relative to the workspace's default directory. */
  cwd: text.min(1).optional(),
});
export type ExecParams = z.output<typeof ExecParams>;

/** Signals a client may send to a command. */
export const SignalName = z.enum([
  "HUP",
  "INT",
  "QUIT",
  "KILL",
  "USR1",
  "USR2",
  "TERM",
  "CONT",
  "STOP",
  "TSTP",
  "WINCH",
]);
export type SignalName = z.output<typeof SignalName>;

/** Why a command did not run (or its session ended before it did), with the exit code that says so in a shell. */
export const execErrorExitCodes = {
  COMMAND_NOT_FOUND: 127,
  COMMAND_NOT_EXECUTABLE: 126,
  CWD_NOT_FOUND: 126,
  USER_SHELL_MISSING: 127,
  /** The system refused to start another process (limits, memory, argument list too long). */
  SPAWN_FAILED: 126,
  /** The image has no usable /dev/ptmx. */
  TERMINAL_UNAVAILABLE: 126,
  PROTOCOL_VIOLATION: 255,
} as const;
export type ExecErrorCode = keyof typeof execErrorExitCodes;

/** Packs parameters for the `berth-exec` header. Throws EXEC_PARAMS_TOO_LARGE. */
export function encodeExecParams(params: ExecParams): string {
  const bytes = new TextEncoder().encode(JSON.stringify(params));
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  const header = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (header.length > MAX_EXEC_HEADER_BYTES) {
    const limit = Math.floor((MAX_EXEC_HEADER_BYTES * 3) / 4 / 1024);
    throw new ProtocolError(
      "EXEC_PARAMS_TOO_LARGE",
      `The command, its arguments and variables are longer than ${limit} KiB; pass long input through stdin.`,
    );
  }
  return header;
}

/** Unpacks and validates the `berth-exec` header. Throws EXEC_PARAMS_INVALID. */
export function decodeExecParams(header: string): ExecParams {
  let json: unknown;
  try {
    const binary = atob(header.replaceAll("-", "+").replaceAll("_", "/"));
    json = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))),
    );
  } catch (cause) {
    throw new ProtocolError("EXEC_PARAMS_INVALID", `The ${EXEC_HEADER} header is not base64url of JSON.`, { cause });
  }
  const parsed = ExecParams.safeParse(json);
  if (!parsed.success) {
    throw new ProtocolError("EXEC_PARAMS_INVALID", `The command is not valid: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
