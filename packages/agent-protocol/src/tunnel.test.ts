import { once } from "node:events";
import http2, { type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { decodeExecParams, EXEC_HEADER } from "./exec.ts";
import { CONNECTION_WINDOW_BYTES, http2Options, STREAM_WINDOW_BYTES, WebSocketByteStream } from "./transport.ts";
import { type AgentTunnel, acceptAgent } from "./tunnel.ts";

type Answer = (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
const soon = () => AbortSignal.timeout(10_000);

/** A tunnel and, at its other end, an agent that answers as told. */
async function connect(
  answer: Answer,
  { keepAliveMs = 15_000, autoPong = true } = {},
): Promise<{ tunnel: AgentTunnel; agent: WebSocket }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const accepted = new Promise<AgentTunnel>((resolve) => {
    server.once("connection", (ws) => resolve(acceptAgent(ws, { keepAliveMs })));
  });
  const agent = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { autoPong });
  // In the tick it opens: what the server says first must find a listener.
  agent.once("open", () => {
    const session = http2.performServerHandshake(new WebSocketByteStream(agent, { canYield: true }), http2Options());
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.on("error", () => {});
    session.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      answer(stream, headers);
    });
  });
  closers.push(() => {
    agent.terminate();
    server.close();
  });
  return { tunnel: await accepted, agent };
}

const info = {
  ...{ version: "1", protocol: "berth-agent.v1", pid: 7, uid: 1000, gid: 1000, user: "dev", home: "/home/dev" },
  ...{ shell: "/bin/sh", cwd: "/work", startedAt: "2026-01-01T00:00:00Z" },
};

describe("a tunnel", () => {
  it("tells about the agent, again and again", async () => {
    const { tunnel } = await connect((stream) => {
      stream.resume();
      stream.respond({ ":status": 200 });
      stream.end(JSON.stringify(info));
    });
    for (let count = 0; count < 50; count += 1) expect(await tunnel.info(soon())).toEqual(info);
    expect(await tunnel.ping(soon())).toBeGreaterThan(0);
  });

  it("refuses an answer that does not describe an agent", async () => {
    const { tunnel } = await connect((stream) => {
      stream.resume();
      stream.respond({ ":status": 200 });
      stream.end('{"version":1}');
    });
    await expect(tunnel.info(soon())).rejects.toMatchObject({ code: "AGENT_ANSWER_INVALID" });
  });

  it("carries a command's parameters, and bytes both ways", async () => {
    const { tunnel } = await connect((stream, headers) => {
      stream.respond({ ":status": 200 });
      stream.write(JSON.stringify(decodeExecParams(String(headers[EXEC_HEADER]))));
      stream.pipe(stream);
    });
    const stream = await tunnel.openExec({ command: ["cat"] }, soon());
    stream.end("and back");
    let text = "";
    for await (const chunk of stream) text += chunk;
    expect(text).toBe('{"command":["cat"]}and back');
  });

  it("never jams when both sides have more to say than the sockets hold", async () => {
    const { tunnel } = await connect((stream) => {
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const streams = await Promise.all(Array.from({ length: 3 }, () => tunnel.openExec({ command: ["cat"] }, soon())));
    const data = Buffer.alloc(20_000_000, 1);
    const echoed = streams.map(async (stream) => {
      stream.end(data);
      let length = 0;
      for await (const chunk of stream) length += chunk.length;
      return length;
    });
    expect(await Promise.all(echoed)).toEqual([data.length, data.length, data.length]);
  });

  it("fails a command the agent refuses", async () => {
    const { tunnel } = await connect((stream) => {
      stream.resume();
      stream.respond({ ":status": 400 });
      stream.end();
    });
    await expect(tunnel.openExec({ command: ["x"] }, soon())).rejects.toMatchObject({ code: "AGENT_REFUSED" });
  });

  it("ends a command when its signal aborts, however late", async () => {
    const ended = Promise.withResolvers<void>();
    const { tunnel } = await connect((stream) => {
      stream.respond({ ":status": 200 });
      stream.resume();
      stream.once("close", ended.resolve);
    });
    const abort = new AbortController();
    const stream = await tunnel.openExec({ command: ["sleep"] }, abort.signal);
    abort.abort();
    await ended.promise;
    expect(stream.destroyed).toBe(true);
    await expect(tunnel.openExec({ command: ["sleep"] }, abort.signal)).rejects.toBe(abort.signal.reason);
  });

  it("keeps answering beside streams that nobody reads, whose memory is bounded", async () => {
    let sentBytes = 0;
    const { tunnel } = await connect((stream, headers) => {
      stream.respond({ ":status": 200 });
      stream.resume();
      if (headers[":path"] === "/v1/info") {
        stream.end(JSON.stringify(info));
        return;
      }
      const chunk = Buffer.alloc(64 * 1024);
      const fill = () => {
        do sentBytes += chunk.length;
        while (stream.write(chunk));
      };
      stream.on("drain", fill);
      fill();
    });
    const stalled = await Promise.all(Array.from({ length: 8 }, () => tunnel.openExec({ command: ["yes"] }, soon())));
    for (let count = 0; count < 100; count += 1) expect((await tunnel.info(soon())).version).toBe("1");
    expect(sentBytes).toBeGreaterThan(8 * 1024 * 1024);
    // Each has a window under way, and a little in the buffers of both ends.
    expect(sentBytes).toBeLessThan(stalled.length * (STREAM_WINDOW_BYTES + 1024 * 1024));
    for (const stream of stalled) stream.destroy();
  });

  it("tells why it is gone, and fails what was open", async () => {
    const { tunnel, agent } = await connect((stream) => stream.respond({ ":status": 200 }));
    const stream = await tunnel.openExec({ command: ["sleep"] }, soon());
    const failed = once(stream, "close");
    agent.close(1001, "going away");
    expect(await tunnel.closed).toEqual({ code: 1001, reason: "going away" });
    await failed;
    await expect(tunnel.openExec({ command: ["sleep"] }, soon())).rejects.toMatchObject({ code: "AGENT_DISCONNECTED" });
    await expect(tunnel.info(soon())).rejects.toMatchObject({ code: "AGENT_DISCONNECTED" });
    await expect(tunnel.ping(soon())).rejects.toMatchObject({ code: "AGENT_DISCONNECTED" });
  });

  it("drops an agent from which nothing is heard any more", async () => {
    const { tunnel } = await connect(() => {}, { keepAliveMs: 50, autoPong: false });
    expect((await tunnel.closed).code).toBe(1006);
  });

  it("keeps an idle agent that answers pings", async () => {
    const { tunnel } = await connect(() => {}, { keepAliveMs: 20 });
    const pause = new Promise((resolve) => setTimeout(resolve, 200, "still there"));
    expect(await Promise.race([tunnel.closed, pause])).toBe("still there");
  });
});
