/** Where a container engine listens. TLS material is PEM text. */
export type EngineAddress =
  | { socketPath: string }
  | { host: string; port: number; protocol: "http" | "https"; ca?: string; cert?: string; key?: string };

export type TlsMaterial = { ca: string; cert: string; key: string };

/** An address, or the sentence that says why there is none. */
export type ParsedAddress = { address: EngineAddress } | { refusal: string };

/** Reads a value of DOCKER_HOST as the Docker CLI does; `tls` is what DOCKER_TLS_VERIFY and DOCKER_CERT_PATH lead to. */
export function parseDockerHost(value: string, tls?: TlsMaterial): ParsedAddress {
  const scheme = /^([a-z]+):\/\//.exec(value)?.[1] ?? "tcp";
  const rest = value.replace(/^[a-z]+:\/\//, "");
  switch (scheme) {
    case "unix":
      return rest.startsWith("/")
        ? { address: { socketPath: rest } }
        : { refusal: `DOCKER_HOST=${value} names no absolute socket path; write unix:///path/to/docker.sock.` };
    case "tcp":
    case "http":
    case "https":
      return parseTcp(value, rest, scheme === "https", tls);
    case "npipe":
      return { refusal: "DOCKER_HOST names a Windows pipe; Berth runs on Linux and needs unix:// or tcp://." };
    case "ssh":
      return {
        refusal: "DOCKER_HOST over ssh:// is not supported; forward the socket (ssh -L) and name it with unix://.",
      };
    default:
      return { refusal: `DOCKER_HOST=${value} has an unknown scheme; use unix:// or tcp://.` };
  }
}

function parseTcp(value: string, rest: string, secure: boolean, tls: TlsMaterial | undefined): ParsedAddress {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:/[\]@]+)(?::(\d{1,5}))?\/?$/.exec(rest);
  const host = match?.[1]?.replace(/^\[|\]$/g, "");
  const port = Number(match?.[2] ?? (tls ? 2376 : 2375));
  if (host === undefined || port < 1 || port > 65_535)
    return { refusal: `DOCKER_HOST=${value} is not an address; write tcp://host:port.` };
  return { address: { host, port, protocol: tls || secure ? "https" : "http", ...tls } };
}

/** Names an engine's address for people. */
export function formatAddress(address: EngineAddress): string {
  return "socketPath" in address ? address.socketPath : `${address.protocol}://${address.host}:${address.port}`;
}
