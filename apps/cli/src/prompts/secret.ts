import { StringDecoder } from "node:string_decoder";
import { Interrupted, usageError } from "../errors/cli-error.ts";
import { type InputStream, type Io, writeAll } from "../io.ts";
import { readPipedLine } from "./line.ts";

type Asked = { io: Io; signal: AbortSignal };

/**
 * Asks for a secret without showing it, or takes one line of piped input. A secret is never a flag: flags end up in
 * process lists and shell histories. Throws USAGE when there is none.
 */
export async function askSecret({ io, signal }: Asked, prompt: string, whatIsMissing: string): Promise<string> {
  const secret = io.stdin.isTTY ? await askHidden({ io, signal }, prompt) : await readPipedLine(io.stdin, signal);
  if (secret) return secret;
  throw usageError(`${whatIsMissing} is missing.`, {
    text: "Type it at the prompt, or send it as one line of standard input.",
  });
}

async function askHidden({ io, signal }: Asked, prompt: string): Promise<string> {
  // Before the prompt: whoever types at once must not see it either.
  io.stdin.setRawMode?.(true);
  try {
    await writeAll(io.stderr, prompt);
    return await typedLine(io.stdin, signal);
  } finally {
    io.stdin.setRawMode?.(false);
    io.stdin.pause();
    await writeAll(io.stderr, "\n");
  }
}

/** What one key press does to the line. */
export type Key = { kind: "text"; text: string } | { kind: "erase" | "clear" | "enter" | "interrupt" | "ignore" };

// Arrow and function keys arrive as escape sequences; none of them is part of a secret.
const escapeSequence = String.raw`${String.fromCharCode(27)}(?:\[[0-9;?]*[ -/]*[@-~]|O.|.)?`;
const keyPattern = new RegExp(`${escapeSequence}|[\\s\\S]`, "gu");

/** Understands the keys of a raw terminal that matter while a secret is typed. */
export function keysOf(text: string): Key[] {
  const parts = text.match(keyPattern) ?? [];
  return parts.map((part): Key => {
    if (part === "\r" || part === "\n" || part === "\u0004") return { kind: "enter" };
    if (part === "\u0003") return { kind: "interrupt" };
    if (part === "\u007f" || part === "\b") return { kind: "erase" };
    if (part === "\u0015") return { kind: "clear" };
    return part < " " ? { kind: "ignore" } : { kind: "text", text: part };
  });
}

function typedLine(stdin: InputStream, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder("utf8");
    const typed: string[] = [];
    const settle = (finish: () => void) => {
      stdin.off("data", onData).off("end", onEnd);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    const onEnd = () => settle(() => resolve(typed.join("")));
    const onData = (chunk: Buffer | string) => {
      for (const key of keysOf(typeof chunk === "string" ? chunk : decoder.write(chunk))) {
        if (key.kind === "interrupt") return settle(() => reject(new Interrupted("INT")));
        if (key.kind === "enter") return onEnd();
        if (key.kind === "erase") typed.pop();
        if (key.kind === "clear") typed.length = 0;
        if (key.kind === "text") typed.push(key.text);
      }
    };
    signal.addEventListener("abort", onAbort, { once: true });
    stdin.on("data", onData).once("end", onEnd).resume();
  });
}
