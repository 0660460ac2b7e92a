import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

export type Relay = {
  address: { socketPath: string } | { host: string; port: number };
  /** Bytes that have come back from the far side. */
  received(): number;
  /** Waits this long after each chunk that comes back. */
  slowDown(pauseMs: number): void;
  /** Called with what each client sends; answering `cut` breaks its connection there. */
  onRequest(decide: (chunk: string) => "pass" | "cut" | "pass-then-cut"): void;
  /** Breaks every connection and refuses new ones, as an engine that is gone does. */
  vanish(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
};

type Far = { path: string } | { host: string; port: number };

/** Stands between a client and a real server, so that tests can spoil the connection and never the server. */
export async function openRelay(far: Far): Promise<Relay> {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-relay-"));
  const sockets = new Set<net.Socket>();
  let decide: (chunk: string) => "pass" | "cut" | "pass-then-cut" = () => "pass";
  let received = 0;
  let pauseMs = 0;

  const server = net.createServer((near) => {
    const upstream = net.connect(far);
    for (const socket of [near, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        upstream.destroy();
      });
    }
    near.on("data", (chunk) => {
      const verdict = decide(chunk.toString("latin1"));
      if (verdict === "cut") return near.destroy();
      upstream.write(chunk);
      // The request is on its way before the client loses its connection: the server acts, and nobody hears of it.
      if (verdict === "pass-then-cut") {
        near.removeAllListeners("close");
        near.destroy();
      }
    });
    upstream.on("data", (chunk) => {
      received += chunk.length;
      if (pauseMs > 0) {
        upstream.pause();
        setTimeout(() => upstream.resume(), pauseMs);
      }
      if (!near.destroyed) near.write(chunk);
    });
  });
  const listening = "path" in far ? { path: path.join(directory, "relay.sock") } : { host: "127.0.0.1", port: 0 };
  const listen = (options: net.ListenOptions) =>
    new Promise<void>((resolve, reject) => server.once("error", reject).listen(options, resolve));
  await listen(listening);
  const bound = server.address();
  const address =
    typeof bound === "string" || bound === null
      ? { socketPath: String(bound) }
      : { host: "127.0.0.1", port: bound.port };
  const vanish = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  return {
    address,
    received: () => received,
    slowDown: (ms) => {
      pauseMs = ms;
    },
    onRequest: (next) => {
      decide = next;
    },
    vanish,
    comeBack: () => listen("socketPath" in address ? { path: address.socketPath } : address),
    async close() {
      if (server.listening) await vanish();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
