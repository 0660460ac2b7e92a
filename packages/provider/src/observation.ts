/** What a runtime says about one workspace, as far as it can be seen from outside. */
export type Observation =
  /** No compute exists; home may. */
  | { state: "absent"; hasHome: boolean }
  | { state: "starting"; revision: string }
  | { state: "running"; revision: string; startedAt: Date; imageDigest: string | undefined }
  /** The container ended by itself. */
  | { state: "exited"; revision: string; exitCode: number; outOfMemory: boolean; finishedAt: Date };

export type ObservedWorkspace = { workspaceId: string; observation: Observation };
