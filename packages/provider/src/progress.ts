/** The steps every provider tells its work in; one list, so that Docker and Kubernetes read alike. */
export const providerSteps = {
  image: "Getting the image",
  inspect: "Reading the image's user and home",
  home: "Preparing the home volume",
  agent: "Preparing the agent",
  container: "Creating the container",
  start: "Starting the container",
} as const;

export type ProviderStep = keyof typeof providerSteps;

export type LayerProgress = {
  /** Short digest of the layer. */
  id: string;
  status: "waiting" | "downloading" | "verifying" | "extracting" | "done" | "present";
  currentBytes: number;
  /** 0 when the engine does not know yet. */
  totalBytes: number;
};

export type ProgressEvent =
  | { type: "step-started"; step: ProviderStep }
  /** `detail` is a sentence for people, e.g. "Already on this engine". */
  | { type: "step-finished"; step: ProviderStep; detail?: string }
  | { type: "layers"; step: "image"; layers: LayerProgress[]; currentBytes: number; totalBytes: number }
  | { type: "log"; step: ProviderStep; level: "info" | "warning"; message: string };
