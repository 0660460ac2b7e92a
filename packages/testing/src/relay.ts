import net from "node:net";

export type RelayTarget = { host: string; port: number } | { socketPath: string };

/** A TCP listener on loopback that passes everything on to its target. */
export type Relay = { host: string; port: number; connections(): number; close(): Promise<void> };

export type CuttableRelay = Relay & {
  /** Holds back all bytes, both ways, until `resume`; connections stay open. */
  pause(): void;
  resume(): void;
  /** Resets every open connection; new ones are welcome. */
  cut(): void;
  /** Resets new connections as long as this is on. */
  refuse(isRefusing: boolean): void;
};

type Pair = { client: net.Socket; upstream: net.Socket };

/**
 * A network that is `oneWayMs` long: every byte arrives that much later, in order, and opening a connection costs a
 * round trip too, as a handshake would. Bandwidth is not limited.
 */
export async function delayRelay({ target, oneWayMs }: { target: RelayTarget; oneWayMs: number }): Promise<Relay> {
  return listen(
    target,
    ({ client, upstream }) => {
      delayed(client, upstream, oneWayMs, performance.now() + 2 * oneWayMs);
      delayed(upstream, client, oneWayMs, 0);
    },
    () => true,
  );
}

/** A network whose plug can be pulled. */
export async function cuttableRelay({ target }: { target: RelayTarget }): Promise<CuttableRelay> {
  const pairs = new Set<Pair>();
  let isPaused = false;
  let isRefusing = false;
  const relay = await listen(
    target,
    (pair) => {
      pairs.add(pair);
      pair.client.on("close", () => pairs.delete(pair));
      pass(pair.client, pair.upstream, () => isPaused);
      pass(pair.upstream, pair.client, () => isPaused);
    },
    () => !isRefusing,
  );
  const each = (act: (socket: net.Socket) => void) => {
    for (const { client, upstream } of pairs) [client, upstream].forEach(act);
  };
  return {
    ...relay,
    pause() {
      isPaused = true;
      each((socket) => socket.pause());
    },
    resume() {
      isPaused = false;
      each((socket) => socket.resume());
    },
    cut: () => each((socket) => socket.resetAndDestroy()),
    refuse(isOn) {
      isRefusing = isOn;
    },
  };
}

async function listen(target: RelayTarget, join: (pair: Pair) => void, isWelcome: () => boolean): Promise<Relay> {
  const open = new Set<net.Socket>();
  const track = (socket: net.Socket) => {
    open.add(socket);
    socket.setNoDelay(true).on("close", () => open.delete(socket));
  };
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (!isWelcome()) return void client.resetAndDestroy();
    const where = "socketPath" in target ? { path: target.socketPath } : target;
    const upstream = net.connect({ ...where, allowHalfOpen: true });
    // One side's abrupt end is the other's; destroying twice is harmless.
    client.on("error", () => upstream.resetAndDestroy());
    upstream.on("error", () => client.resetAndDestroy());
    [client, upstream].forEach(track);
    join({ client, upstream });
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return {
    host: "127.0.0.1",
    port: (server.address() as net.AddressInfo).port,
    connections: () => open.size / 2,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function pass(from: net.Socket, to: net.Socket, isPaused: () => boolean): void {
  if (isPaused()) from.pause();
  from.on("data", (chunk) => {
    if (to.write(chunk)) return;
    from.pause();
    to.once("drain", () => isPaused() || from.resume());
  });
  from.on("end", () => to.end());
}

/** Far more than any window a test's peer opens, and a bound all the same. */
const mostUnderWayBytes = 64 * 1024 * 1024;

function delayed(from: net.Socket, to: net.Socket, oneWayMs: number, notBefore: number): void {
  const queue: { due: number; chunk: Buffer | undefined }[] = [];
  let underWay = 0;
  let isScheduled = false;
  const deliver = () => {
    isScheduled = false;
    for (let next = queue[0]; next && next.due <= performance.now(); next = queue[0]) {
      queue.shift();
      if (!next.chunk) to.end();
      else if (!to.destroyed) to.write(next.chunk);
      underWay -= next.chunk?.length ?? 0;
    }
    if (underWay < mostUnderWayBytes) from.resume();
    schedule();
  };
  const schedule = () => {
    const next = queue[0];
    if (!next || isScheduled) return;
    isScheduled = true;
    setTimeout(deliver, Math.max(0, next.due - performance.now()));
  };
  const send = (chunk: Buffer | undefined) => {
    queue.push({ due: Math.max(performance.now(), notBefore) + oneWayMs, chunk });
    underWay += chunk?.length ?? 0;
    if (underWay >= mostUnderWayBytes) from.pause();
    schedule();
  };
  from.on("data", send).on("end", () => send(undefined));
  from.on("close", () => from.readableEnded || to.destroy());
}
