import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type FoundEngine, findEngine, type TlsMaterial } from "@berth/provider-docker";
import { engineSockets } from "./engine-sockets.ts";

/** Looks for a container engine where this user's environment says, as the Docker CLI does. */
export function locateEngine(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<FoundEngine> {
  const tls = tlsMaterial(env);
  const sockets = engineSockets({
    runtimeDirectory: env.XDG_RUNTIME_DIR,
    home: os.homedir(),
    uid: process.getuid?.() ?? 0,
  });
  const dockerHost = env.DOCKER_HOST;
  return findEngine({ ...(dockerHost && { dockerHost }), ...(tls && { tls }), sockets }, signal);
}

function tlsMaterial(env: NodeJS.ProcessEnv): TlsMaterial | undefined {
  if (!env.DOCKER_TLS_VERIFY) return undefined;
  const folder = env.DOCKER_CERT_PATH ?? path.join(os.homedir(), ".docker");
  const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}
