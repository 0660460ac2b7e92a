import { expect, test } from "vitest";
import { engineSockets } from "./engine-sockets.ts";

test("the machine's own engine comes first, then this user's rootless ones, then Podman", () => {
  expect(engineSockets({ runtimeDirectory: "/run/user/1000", home: "/home/ada", uid: 1000 })).toEqual([
    "/var/run/docker.sock",
    "/run/user/1000/docker.sock",
    "/home/ada/.docker/run/docker.sock",
    "/home/ada/.docker/desktop/docker.sock",
    "/run/user/1000/podman/podman.sock",
    "/run/podman/podman.sock",
  ]);
});

test("without XDG_RUNTIME_DIR the folder that systemd would have named is looked in", () => {
  expect(engineSockets({ home: "/home/ada", uid: 1000 })).toContain("/run/user/1000/docker.sock");
});
