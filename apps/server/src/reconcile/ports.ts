import type { AgentLink, ImageSource, PullCredential } from "@berth/provider";
import type { AgentConnection } from "../agents/agent-hub.ts";
import type { BuildStep, Workspace } from "../domain/workspaces/workspace.ts";

/** Where images come from; implemented over the registries. Throws `RegistryError` or `BerthError`. */
export type Images = {
  resolveTag(imageId: string, tag: string, signal: AbortSignal): Promise<{ digest: string }>;
  pullSource(imageId: string, tag: string, digest: string): Promise<ImageSource>;
  pullCredential(imageId: string, signal: AbortSignal): Promise<PullCredential | undefined>;
  /** Drops what is kept of the registry's logins: the next one is fresh. */
  purge(imageId: string): Promise<void>;
};

/** How a workspace's agent reaches us, and we it. */
export type Agents = {
  link(identity: { workspaceId: string; revision: string }): Promise<AgentLink>;
  waitFor(workspaceId: string, revision: string, signal: AbortSignal): Promise<AgentConnection>;
  isConnected(workspaceId: string, revision: string | null): boolean;
  /** Ends the connection; the listener stays. */
  disconnect(workspaceId: string): void;
  /** Forgets a workspace that is gone. */
  forget(workspaceId: string): Promise<void>;
};

export type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** What is told of a build while it runs. */
export type Recorder = {
  start(id: string, title: string): void;
  finish(id: string, detail?: string): void;
  log(step: string, level: "info" | "warning" | "error", message: string): void;
  layers(entry: LayersEntry): void;
  /** Ends the step that is open, if one is. */
  endOpen(status: BuildStep["status"], detail?: string): void;
  flush(): Promise<void>;
};

export type LayersEntry = {
  currentBytes: number;
  totalBytes: number;
  layers: {
    id: string;
    status: "waiting" | "downloading" | "verifying" | "extracting" | "done" | "present";
    currentBytes: number;
    totalBytes: number;
  }[];
};

export type Started = Workspace & { revision: string };
