import path from "node:path";

export type SocketFacts = {
  /** The value of XDG_RUNTIME_DIR. */
  runtimeDirectory?: string | undefined;
  home: string;
  /** 0 for root. */
  uid: number;
};

/** Where engines listen when DOCKER_HOST does not say, in the order of trying: the machine's own, then this user's. */
export function engineSockets({ runtimeDirectory, home, uid }: SocketFacts): string[] {
  const runtime = runtimeDirectory ?? `/run/user/${uid}`;
  return [
    "/var/run/docker.sock",
    path.join(runtime, "docker.sock"),
    path.join(home, ".docker/run/docker.sock"),
    path.join(home, ".docker/desktop/docker.sock"),
    path.join(runtime, "podman/podman.sock"),
    "/run/podman/podman.sock",
  ];
}
