import { expect, it } from "vitest";
import { type ContainerInput, workspaceContainer } from "./container.ts";

const input = (): ContainerInput => ({
  installationId: "installation-1",
  spec: {
    workspaceId: "workspace-1",
    revision: "build-7",
    name: "dev",
    image: {
      reference: "registry.example.com/team/base:1",
      digest: `sha256:${"a".repeat(64)}`,
      pullRepository: "127.0.0.1:5000/team/base",
    },
    resources: { cpus: 1.5, memoryBytes: 2 ** 31, diskBytes: 2 ** 33 },
    env: { BERTH: "true" },
    agent: { url: "ws+unix:///.berth/run/agent.sock", token: "secret", socketDirectory: "/var/lib/berth/run/1" },
  },
  image: {
    Id: "sha256:image",
    RepoDigests: [],
    Os: "linux",
    Architecture: "amd64",
    Config: {
      User: "dev",
      Env: ["PATH=/usr/bin", "NODE_ENV=production"],
      Volumes: { "/home/dev/cache/": {}, "/home/developer": {}, "/data": {} },
    },
  },
  facts: {
    user: { uid: 1000, gid: 1000, name: "dev", home: "/home/dev", shell: "/bin/sh" },
    home: "/home/dev",
    homeTarget: "/home/dev",
    homeOwnership: undefined,
  },
  agent: {
    volume: "berth-agent",
    labels: { "berth.kind": "agent" },
    mountPath: "/.berth",
    entrypoint: ["/.berth/bin/busybox", "sh", "/.berth/supervise.sh"],
  },
});

it("describes a workspace's container in full", () => {
  const homeLabels = {
    "berth.installation": "installation-1",
    "berth.kind": "home",
    "berth.workspace": "workspace-1",
  };
  expect(workspaceContainer(input())).toEqual({
    Image: "sha256:image",
    Hostname: "dev",
    Entrypoint: ["/.berth/bin/busybox", "sh", "/.berth/supervise.sh"],
    Cmd: [],
    Env: [
      "LANG=C.UTF-8",
      "BERTH=true",
      "NODE_ENV=",
      "HOME=/home/dev",
      "BERTH_AGENT_URL=ws+unix:///.berth/run/agent.sock",
      "BERTH_AGENT_TOKEN=secret",
      'BERTH_AGENT_RESTORE_ENV={"NODE_ENV":"production"}',
    ],
    Labels: {
      "berth.installation": "installation-1",
      "berth.kind": "workspace",
      "berth.workspace": "workspace-1",
      "berth.revision": "build-7",
      "berth.image-digest": `sha256:${"a".repeat(64)}`,
    },
    StopSignal: "SIGTERM",
    StopTimeout: 5,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      Init: true,
      NanoCpus: 1_500_000_000,
      Memory: 2_147_483_648,
      MemorySwap: 2_147_483_648,
      PidsLimit: 4096,
      LogConfig: { Type: "json-file", Config: { "max-size": "4m", "max-file": "2" } },
      Mounts: [
        {
          Type: "volume",
          Source: "berth-216ee8-home-484d4f88b5",
          Target: "/home/dev",
          VolumeOptions: { Labels: homeLabels },
        },
        {
          Type: "volume",
          Source: "berth-216ee8-home-484d4f88b5-a8c57e",
          Target: "/home/dev/cache",
          VolumeOptions: { Labels: homeLabels },
        },
        {
          Type: "volume",
          Source: "berth-agent",
          Target: "/.berth",
          ReadOnly: true,
          VolumeOptions: { NoCopy: true, Labels: { "berth.kind": "agent" } },
        },
        { Type: "bind", Source: "/var/lib/berth/run/1", Target: "/.berth/run", ReadOnly: true },
      ],
    },
  });
});

it("mounts no socket where the agent dials over the network", () => {
  const { spec, ...rest } = input();
  const { socketDirectory: _, ...agent } = spec.agent;
  const body = workspaceContainer({ ...rest, spec: { ...spec, agent } });
  expect(body.HostConfig.Mounts?.filter(({ Type }) => Type === "bind")).toEqual([]);
});

it("asks for no privilege, port, restart or user that the image does not have", () => {
  const body = workspaceContainer(input()) as Record<string, unknown> & { HostConfig: object };
  for (const key of ["User", "WorkingDir", "ExposedPorts"]) expect(body).not.toHaveProperty(key);
  for (const key of ["Privileged", "PortBindings", "RestartPolicy", "CapAdd", "CapDrop", "SecurityOpt"]) {
    expect(body.HostConfig).not.toHaveProperty(key);
  }
});
