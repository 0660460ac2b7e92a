import { createReadStream } from "node:fs";
import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";

/** Bytes of a file, `end` exclusive. */
export type FileRange = { file: string; start: number; end: number };

export type HttpResponse = {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer | FileRange;
};

export function isFileRange(body: HttpResponse["body"]): body is FileRange {
  return typeof body === "object" && "file" in body;
}

export function bodyLength(body: HttpResponse["body"]): number {
  return isFileRange(body) ? body.end - body.start : Buffer.byteLength(body);
}

/** Writes an answer; a HEAD answer carries its length and no bytes. */
export async function writeResponse(
  target: ServerResponse,
  response: HttpResponse,
  options: { isHead: boolean; date: string },
): Promise<void> {
  target.sendDate = false;
  const headers: Record<string, string> = { date: options.date, ...response.headers };
  headers["content-length"] ??= String(bodyLength(response.body));
  target.writeHead(response.status, headers);
  if (options.isHead || response.status === 204) {
    target.end();
    return;
  }
  if (!isFileRange(response.body)) {
    target.end(response.body);
    return;
  }
  const { file, start, end } = response.body;
  if (end <= start) {
    target.end();
    return;
  }
  await pipeline(createReadStream(file, { start, end: end - 1 }), target);
}
