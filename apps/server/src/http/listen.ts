import type { AddressInfo, Socket } from "node:net";
import type { createHttpApp } from "./app.ts";

type App = ReturnType<typeof createHttpApp>;

export type Listening = {
  port: number;
  /** Takes no more requests, lets those under way finish for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
};

/** Listens; rejects with what the operating system says. */
export async function listenHttp(app: App, address: { host: string; port: number }): Promise<Listening> {
  const sockets = new Set<Socket>();
  app.server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await app.listen(address);
  return {
    port: (app.server.address() as AddressInfo).port,
    async close(graceMs) {
      // Upgraded sockets are no connections of the server any more, so they are cut by hand.
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      // A connection whose last request has just been answered would be kept for the next one.
      const sweeper = setInterval(() => app.server.closeIdleConnections(), 50);
      await app.close();
      clearInterval(sweeper);
      clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}
