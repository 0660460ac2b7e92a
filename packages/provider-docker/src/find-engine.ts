import { toProviderError } from "./classify-engine-error.ts";
import { type EngineAddress, formatAddress, parseDockerHost, type TlsMaterial } from "./engine-address.ts";
import { connectEngine } from "./engine-client.ts";
import { EngineError } from "./engine-error.ts";
import type { EngineVersion } from "./engine-types.ts";

const defaultSocket = "/var/run/docker.sock";
const probeWithinMs = 5_000;

export type EngineSearch = {
  /** The value of DOCKER_HOST. When there is one, no other engine is looked for: a surprise would be worse. */
  dockerHost?: string;
  tls?: TlsMaterial;
  /** The value of XDG_RUNTIME_DIR, where rootless engines listen. */
  runtimeDirectory?: string;
  /** Replaces the well-known sockets, in the order of trying. */
  sockets?: readonly string[];
};

/** An engine that answered, or one sentence for each place where none did. */
export type FoundEngine =
  | { engine: EngineAddress; version: string; platform: string }
  | { reasons: { where: string; reason: string }[] };

/** Looks for an engine: DOCKER_HOST, else the default socket, else rootless Docker and Podman. */
export async function findEngine(search: EngineSearch, signal: AbortSignal): Promise<FoundEngine> {
  const candidates = candidatesOf(search);
  if ("refusal" in candidates) return { reasons: [{ where: "DOCKER_HOST", reason: candidates.refusal }] };
  const reasons: { where: string; reason: string }[] = [];
  for (const engine of candidates.addresses) {
    signal.throwIfAborted();
    const answer = await probe(engine, signal);
    if ("reason" in answer) reasons.push({ where: formatAddress(engine), reason: answer.reason });
    else return { engine, version: answer.Version, platform: `${answer.Os}/${answer.Arch}` };
  }
  return { reasons };
}

function candidatesOf(search: EngineSearch): { addresses: EngineAddress[] } | { refusal: string } {
  if (search.dockerHost) {
    const parsed = parseDockerHost(search.dockerHost, search.tls);
    return "refusal" in parsed ? parsed : { addresses: [parsed.address] };
  }
  const { runtimeDirectory } = search;
  const rootless = runtimeDirectory
    ? [`${runtimeDirectory}/docker.sock`, `${runtimeDirectory}/podman/podman.sock`]
    : [];
  const sockets = search.sockets ?? [defaultSocket, ...rootless, "/run/podman/podman.sock"];
  return { addresses: sockets.map((socketPath) => ({ socketPath })) };
}

async function probe(address: EngineAddress, signal: AbortSignal): Promise<EngineVersion | { reason: string }> {
  try {
    return await connectEngine(address).version(AbortSignal.any([signal, AbortSignal.timeout(probeWithinMs)]));
  } catch (error) {
    signal.throwIfAborted();
    return { reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const systemCode = error instanceof EngineError ? error.systemCode : undefined;
  switch (systemCode) {
    case "ENOENT":
      return "There is no such socket.";
    case "ECONNREFUSED":
      return "Nothing listens there.";
    case "EACCES":
      return "This user may not open it; add the user to the docker group, then sign in again.";
    default:
      return toProviderError(error).code === "ENGINE_DENIED"
        ? "It refused the connection; check the TLS certificates."
        : "It did not answer.";
  }
}
