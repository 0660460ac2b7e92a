import type { ImageClient } from "../engine/image-client.ts";
import type { Machine } from "../machine/machine.ts";

/** What making images takes. */
export type ImageMaker = {
  images: ImageClient;
  machine: Machine;
  /** Told the step's progress. */
  report: (words: string) => void;
  signal: AbortSignal;
};
