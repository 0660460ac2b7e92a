import { StringDecoder } from "node:string_decoder";
import { CliError } from "../errors/cli-error.ts";
import type { InputStream } from "../io.ts";

/** Longest line taken from a pipe; far above any secret. */
const MAX_LINE_BYTES = 64 * 1024;

/** The first line of piped input, without its line end; the rest is left unread. Throws INPUT_TOO_LONG and the signal's reason. */
export async function readPipedLine(stdin: InputStream, signal: AbortSignal): Promise<string | undefined> {
  const decoder = new StringDecoder("utf8");
  let text = "";
  const onAbort = () => stdin.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for await (const chunk of stdin) {
      text += typeof chunk === "string" ? chunk : decoder.write(chunk);
      if (text.includes("\n")) break;
      if (text.length > MAX_LINE_BYTES) {
        throw new CliError("invalid", { code: "INPUT_TOO_LONG", detail: "The line on standard input is too long." });
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  signal.throwIfAborted();
  const line = text.split("\n", 1)[0]?.replace(/\r$/, "");
  return line === "" ? undefined : line;
}
