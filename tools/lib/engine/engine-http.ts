import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { EngineAddress } from "@berth/provider-docker";

export type EngineCall = {
  method: string;
  path: string;
  headers?: http.OutgoingHttpHeaders;
  body?: Readable | Buffer;
};

/** One request to the Engine API; resolves with the answer whatever its status. */
export function callEngine(address: EngineAddress, { method, path, headers, body }: EngineCall, signal: AbortSignal) {
  const options = { ...address, method, path, headers, signal };
  const client = "protocol" in address && address.protocol === "https" ? https : http;
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = client.request({ ...options, ...("protocol" in address && { protocol: `${address.protocol}:` }) });
    request.on("response", resolve).on("error", reject);
    if (body === undefined || Buffer.isBuffer(body)) request.end(body);
    else body.on("error", (error) => request.destroy(error)).pipe(request);
  });
}

/** Whether the engine did not do it. */
export function isRefusal(answer: http.IncomingMessage): boolean {
  return (answer.statusCode ?? 500) >= 400;
}

/** Throws with the engine's words unless it did what was asked. */
export async function expectDone(answer: http.IncomingMessage): Promise<void> {
  if (isRefusal(answer)) throw new Error(await messageOf(answer));
  answer.resume();
}

/** Why the engine did not do it, in its own words. */
export async function messageOf(answer: http.IncomingMessage): Promise<string> {
  const text = (await buffer(answer)).toString("utf8").slice(0, 2000);
  try {
    return String(JSON.parse(text).message ?? text);
  } catch {
    return text || `the engine answered ${answer.statusCode}`;
  }
}
