import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { AwsError } from "../aws-error.ts";

/** One HTTP request as the services see it: nothing decoded, header names in lower case. */
export type HttpRequest = {
  method: string;
  scheme: "http" | "https";
  /** The `Host` header in lower case, port included. */
  host: string;
  path: string;
  query: string;
  headers: ReadonlyMap<string, readonly string[]>;
  body: Readable;
  remoteAddress: string;
};

export function header(request: HttpRequest, name: string): string | undefined {
  return request.headers.get(name)?.[0];
}

function collectHeaders(message: IncomingMessage): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const name = (message.rawHeaders[i] ?? "").toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), message.rawHeaders[i + 1] ?? ""]);
  }
  return headers;
}

/** Reads the request line and headers; an absolute target (a client using the sandbox as its proxy) names its host. */
export function toHttpRequest(message: IncomingMessage): HttpRequest {
  const headers = collectHeaders(message);
  let target = message.url ?? "/";
  let host = headers.get("host")?.[0] ?? "";
  const absolute = /^http:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (absolute) {
    host = absolute[1] ?? "";
    target = absolute[2]?.startsWith("/") ? absolute[2] : `/${absolute[2] ?? ""}`;
    headers.set("host", [host]);
  }
  const question = target.indexOf("?");
  return {
    method: message.method ?? "GET",
    scheme: "encrypted" in message.socket ? "https" : "http",
    host: host.toLowerCase(),
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? "" : target.slice(question + 1),
    headers,
    body: message,
    remoteAddress: message.socket.remoteAddress ?? "",
  };
}

/** Reads the whole body; throws `RequestEntityTooLarge` (413) beyond `limitBytes`. */
export async function readBody(request: HttpRequest, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > limitBytes) throw new AwsError("RequestEntityTooLarge", "The request body is too large.", 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
