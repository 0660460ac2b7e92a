import type { WorkspaceSpec } from "@berth/provider";
import type { ContainerBody, ImageInspect, MountPoint } from "./engine-types.ts";
import { containerEnvironment } from "./environment.ts";
import { homeMounts } from "./home-volume.ts";
import { type Labels, workspaceLabels } from "./labels.ts";
import { hostName } from "./names.ts";
import type { ImageFacts } from "./read-image.ts";

/** Long enough for a shell to save its history, short enough for people who wait. */
export const stopGraceSeconds = 5;
/** Holds a fork bomb without being in the way of a large parallel build. */
const pidsLimit = 4096;

export type ContainerInput = {
  installationId: string;
  spec: WorkspaceSpec;
  image: ImageInspect;
  facts: ImageFacts;
  agent: { volume: string; labels: Labels; mountPath: string; entrypoint: readonly string[] };
};

/**
 * Describes a workspace's container. User, working directory and ports stay as the image has them; capabilities are
 * the engine's default and privileges may be gained, so that sudo works where the image has it.
 */
export function workspaceContainer({ installationId, spec, image, facts, agent }: ContainerInput): ContainerBody {
  const { cpus, memoryBytes } = spec.resources;
  return {
    Image: image.Id,
    Hostname: hostName(spec.name),
    Entrypoint: [...agent.entrypoint],
    Cmd: [],
    Env: containerEnvironment({
      imageEnv: image.Config?.Env ?? [],
      home: facts.home,
      specEnv: spec.env,
      agent: spec.agent,
    }),
    Labels: workspaceLabels(installationId, spec),
    StopSignal: "SIGTERM",
    StopTimeout: stopGraceSeconds,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      Init: true,
      NanoCpus: Math.round(cpus * 1e9),
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      PidsLimit: pidsLimit,
      LogConfig: { Type: "json-file", Config: { "max-size": "4m", "max-file": "2" } },
      Mounts: [
        ...homeMounts(installationId, spec.workspaceId, facts.homeTarget, Object.keys(image.Config?.Volumes ?? {})),
        ...agentMounts(agent, spec.agent.socketDirectory),
      ],
    },
  };
}

/** Read-only, the socket's directory too: a socket can be used there, but nothing can be put beside it. */
function agentMounts(agent: ContainerInput["agent"], socketDirectory: string | undefined): MountPoint[] {
  const runtime: MountPoint = {
    Type: "volume",
    Source: agent.volume,
    Target: agent.mountPath,
    ReadOnly: true,
    // Labelled, because the engine makes the volume anew should somebody have removed it.
    VolumeOptions: { NoCopy: true, Labels: agent.labels },
  };
  if (socketDirectory === undefined) return [runtime];
  return [runtime, { Type: "bind", Source: socketDirectory, Target: `${agent.mountPath}/run`, ReadOnly: true }];
}
