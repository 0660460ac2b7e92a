import path from "node:path";

/** A place where a container engine may answer, and what names it for people. */
export type EngineCandidate = { dockerHost: string; source: string };

export type CandidateFacts = {
  env: { DOCKER_HOST?: string | undefined; XDG_RUNTIME_DIR?: string | undefined };
  home: string;
  /** 0 for root. */
  uid: number;
};

/** Where to look for an engine, in this order. DOCKER_HOST is an order: with it, nowhere else is looked. */
export function engineCandidates({ env, home, uid }: CandidateFacts): EngineCandidate[] {
  if (env.DOCKER_HOST) return [{ dockerHost: env.DOCKER_HOST, source: "DOCKER_HOST" }];
  const runtime = env.XDG_RUNTIME_DIR ?? `/run/user/${uid}`;
  const sockets: [string, string][] = [
    ["/var/run/docker.sock", "the default socket"],
    [path.join(runtime, "docker.sock"), "rootless Docker"],
    [path.join(home, ".docker/run/docker.sock"), "rootless Docker"],
    [path.join(home, ".docker/desktop/docker.sock"), "Docker Desktop"],
  ];
  return sockets.map(([socket, source]) => ({ dockerHost: `unix://${socket}`, source }));
}
