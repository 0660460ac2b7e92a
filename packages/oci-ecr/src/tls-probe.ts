import { connect } from "node:tls";
import { type AddressPolicy, networkError, RegistryError, type Resolve, vettedLookup } from "@berth/oci";

export type TlsProbe = { protocol: string; issuer?: string };

const timeoutMs = 10_000;

/** Makes one TLS connection to a vetted address and tells who signed the certificate; throws what kept it from it. */
export async function probeTls(
  { hostname, port }: URL,
  policy: AddressPolicy,
  { resolve, signal, ca }: { resolve?: Resolve; signal?: AbortSignal | undefined; ca?: string },
): Promise<TlsProbe> {
  signal?.throwIfAborted();
  const { promise, resolve: done, reject } = Promise.withResolvers<TlsProbe>();
  const socket = connect({
    host: hostname,
    port: Number(port || 443),
    servername: hostname,
    lookup: vettedLookup(policy, resolve),
    ...(ca !== undefined && { ca }),
  });
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  socket.setTimeout(timeoutMs, () => reject(new RegistryError("NET_TIMEOUT", { host: hostname, phase: "connecting" })));
  socket.once("error", reject);
  socket.once("secureConnect", () => {
    const issuer = socket.getPeerCertificate().issuer?.O;
    const name = Array.isArray(issuer) ? issuer[0] : issuer;
    done({ protocol: socket.getProtocol() ?? "TLS", ...(name !== undefined && { issuer: name.slice(0, 100) }) });
  });
  try {
    return await promise;
  } catch (error) {
    signal?.throwIfAborted();
    throw networkError(error, { host: hostname }) ?? new RegistryError("NET_REFUSED", { host: hostname });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}
