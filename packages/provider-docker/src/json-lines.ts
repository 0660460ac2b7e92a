import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { EngineError, toEngineError } from "./engine-error.ts";

const longestLine = 1024 * 1024;

/** Reads a stream of JSON values, one a line; a stream cut short throws instead of ending quietly. */
export async function* jsonLines<T>(stream: Readable): AsyncGenerator<T> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  try {
    for await (const chunk of stream) {
      const lines = (rest + decoder.write(chunk as Buffer)).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > longestLine) throw new EngineError("the engine sent a line without an end");
      for (const line of lines) if (line.trim() !== "") yield parse<T>(line);
    }
  } catch (error) {
    throw toEngineError(error);
  }
  if (rest.trim() !== "") yield parse<T>(rest);
}

function parse<T>(line: string): T {
  try {
    return JSON.parse(line) as T;
  } catch {
    throw new EngineError(`the engine sent something that is not JSON: ${line.slice(0, 200)}`);
  }
}
