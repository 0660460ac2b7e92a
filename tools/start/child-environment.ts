import type { EngineAddress } from "@berth/provider-docker";

const loopback = ["127.0.0.1", "localhost", "::1"];

/** The sandbox's environment: nothing of the user's but what any program needs. It speaks to nobody but on loopback. */
export function sandboxEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return pick(env, ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"]);
}

export type ServerEnvironment = {
  dataDirectory: string;
  /** `host:port` of the sandbox on loopback. */
  sandbox: string;
  account: string;
  /** The folder that the agent for workspaces was built into. */
  agentRuntime: string;
  /** Where the engine was found. */
  dockerHost: string;
};

/**
 * The server's environment: the user's own, which may name an AWS identity and a proxy, with what was found and started here. A process-wide AWS
 * endpoint is left out: it would send a real key's signature to the wrong place.
 */
export function serverEnvironment(env: NodeJS.ProcessEnv, found: ServerEnvironment): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(npm_|AWS_ENDPOINT_URL)/.test(name));
  const { sandbox, account } = found;
  return {
    ...Object.fromEntries(kept),
    BERTH_DATA_DIR: found.dataDirectory,
    BERTH_AWS_ENDPOINTS: JSON.stringify({ [account]: { api: `http://${sandbox}`, registry: sandbox } }),
    BERTH_AGENT_RUNTIME: found.agentRuntime,
    DOCKER_HOST: found.dockerHost,
    ...withoutProxy(env),
  };
}

/** An engine's address as DOCKER_HOST says it. TLS material has its own variables, which stay as they are. */
export function dockerHostOf(address: EngineAddress): string {
  if ("socketPath" in address) return `unix://${address.socketPath}`;
  return `tcp://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** NO_PROXY in both spellings, with loopback in it: programs differ in which one they read. */
function withoutProxy(env: NodeJS.ProcessEnv): { NO_PROXY: string; no_proxy: string } {
  const named = (env.NO_PROXY ?? env.no_proxy ?? "").split(",").map((host) => host.trim());
  const hosts = [...new Set([...named.filter(Boolean), ...loopback])].join(",");
  return { NO_PROXY: hosts, no_proxy: hosts };
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
