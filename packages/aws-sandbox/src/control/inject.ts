import { open } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { bodyLength, type HttpResponse, isFileRange } from "../http/response.ts";

async function bytesOf(response: HttpResponse): Promise<Buffer> {
  const { body } = response;
  if (!isFileRange(body)) return Buffer.from(body);
  const file = await open(body.file);
  try {
    const bytes = Buffer.alloc(body.end - body.start);
    await file.read(bytes, 0, bytes.length, body.start);
    return bytes;
  } finally {
    await file.close();
  }
}

/** The same answer with other bytes, as an altering proxy would deliver it. */
export async function corruptBody(response: HttpResponse): Promise<HttpResponse> {
  const bytes = await bytesOf(response);
  return { ...response, body: Buffer.from(bytes.map((byte) => byte ^ 0x55)) };
}

/** Announces the whole body, sends the first bytes of it and breaks the connection. */
export async function truncateResponse(target: ServerResponse, response: HttpResponse, bytes: number): Promise<void> {
  const body = await bytesOf(response);
  target.writeHead(response.status, { ...response.headers, "content-length": String(bodyLength(response.body)) });
  target.write(body.subarray(0, bytes), () => target.destroy());
}
