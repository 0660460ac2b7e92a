import { randomBytes } from "node:crypto";
import net from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { cuttableRelay, delayRelay } from "./relay.ts";
import { waitFor } from "./wait-for.ts";

/** Answers every byte with itself. */
async function echoServer() {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { host: "127.0.0.1", port: (server.address() as net.AddressInfo).port };
}

test("a delaying relay makes connecting and each exchange cost a round trip, and changes no byte", async () => {
  const relay = await delayRelay({ target: await echoServer(), oneWayMs: 25 });
  onTestFinished(() => relay.close());
  const socket = net.connect(relay.port, relay.host);
  const exchange = async () => {
    const startedAt = performance.now();
    socket.write("x");
    await new Promise((resolve) => socket.once("data", resolve));
    return performance.now() - startedAt;
  };
  expect(await exchange()).toBeGreaterThanOrEqual(99);
  const second = await exchange();
  expect(second).toBeGreaterThanOrEqual(49);
  expect(second).toBeLessThan(95);

  const sent = randomBytes(3_000_000);
  socket.end(sent);
  expect(Buffer.compare(await buffer(socket), sent)).toBe(0);
});

test("a paused relay holds bytes back until it is resumed", async () => {
  const relay = await cuttableRelay({ target: await echoServer() });
  onTestFinished(() => relay.close());
  const socket = net.connect(relay.port, relay.host);
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
  });
  socket.write("before ");
  await waitFor("the echo", () => received === "before ");
  relay.pause();
  socket.write("after");
  await sleep(50);
  expect(received).toBe("before ");
  relay.resume();
  await waitFor("the held back echo", () => received === "before after");
  socket.destroy();
});

test("a cut resets connections, and refusing resets new ones until it ends", async () => {
  const relay = await cuttableRelay({ target: await echoServer() });
  onTestFinished(() => relay.close());
  const ending = (socket: net.Socket) =>
    new Promise<string>((resolve) => {
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
      socket.on("end", () => resolve("end"));
    });
  const open = () => {
    const socket = net.connect(relay.port, relay.host);
    socket.write("x");
    return socket;
  };
  const first = open();
  await new Promise((resolve) => first.once("data", resolve));
  const ended = ending(first);
  relay.cut();
  expect(await ended).toBe("ECONNRESET");
  await waitFor("the relay to forget both ends", () => relay.connections() === 0);

  relay.refuse(true);
  expect(await ending(open())).toBe("ECONNRESET");
  relay.refuse(false);
  const again = open();
  expect(String(await new Promise((resolve) => again.once("data", resolve)))).toBe("x");
  again.destroy();
});
