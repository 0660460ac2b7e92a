import type { Labels } from "./labels.ts";

/** The parts of the Engine API's answers that this provider reads (https://docs.docker.com/reference/api/engine/). */
export type EngineVersion = { Version: string; Os: string; Arch: string };

export type EngineInfo = { NCPU: number; MemTotal: number };

export type ContainerSummary = { Id: string; State: string; Labels: Labels; Created: number };

export type ContainerInspect = {
  Id: string;
  State: { Status: string; ExitCode: number; OOMKilled: boolean; StartedAt: string; FinishedAt: string };
  Config: { Labels: Labels | null };
};

export type VolumeInspect = { Name: string; Labels: Labels | null; CreatedAt?: string };

export type ImageInspect = {
  Id: string;
  RepoDigests: string[] | null;
  Os: string;
  Architecture: string;
  Config: { User?: string; Env?: string[] | null; Volumes?: Record<string, unknown> | null } | null;
};

export type ImageSummary = { Id: string; Created: number; RepoDigests: string[] | null };

export type MountPoint =
  | {
      Type: "volume";
      Source: string;
      Target: string;
      ReadOnly?: boolean;
      VolumeOptions?: { NoCopy?: boolean; Labels?: Labels };
    }
  | { Type: "bind"; Source: string; Target: string; ReadOnly?: boolean };

export type ContainerBody = {
  Image: string;
  Hostname?: string;
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  Labels: Labels;
  StopSignal?: string;
  StopTimeout?: number;
  Healthcheck?: { Test: string[] };
  NetworkDisabled?: boolean;
  HostConfig: {
    Init?: boolean;
    NanoCpus?: number;
    Memory?: number;
    MemorySwap?: number;
    PidsLimit?: number;
    LogConfig?: { Type: string; Config: Record<string, string> };
    Mounts?: MountPoint[];
  };
};

export type RegistryLogin = { username: string; password: string; serveraddress: string };

/** One line of a pull's answer. */
export type PullEvent = {
  id?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
};

export type EngineEvent = { Action: string; timeNano?: number; Actor?: { Attributes?: Labels } };
