import net from "node:net";

/** The sentence when nothing of ours can listen there; undefined when it can. */
export async function portRefusal({ host, port }: { host: string; port: number }): Promise<string | undefined> {
  const code = await tryToListen(host, port);
  switch (code) {
    case undefined:
      return undefined;
    case "EADDRINUSE":
      return `Port ${port} is in use by another program: stop it, or choose another port, for example BERTH_PORT=${port + 1} npm start.`;
    case "EACCES":
      return `This user may not listen on port ${port}: choose one above 1023, for example BERTH_PORT=7080 npm start.`;
    default:
      return `Nothing can listen on ${host} (${code}): correct BERTH_LISTEN.`;
  }
}

/** A port on loopback: the wanted one when it is free, else any that is. */
export async function loopbackPort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && (await tryToListen("127.0.0.1", wanted)) === undefined) return wanted;
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
