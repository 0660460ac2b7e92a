import { ensureAgentVolume } from "./agent-volume.ts";
import type { Shared } from "./apply-workspace.ts";
import type { Setting } from "./context.ts";
import type { ImageInspect } from "./engine-types.ts";
import { createPulls } from "./ensure-image.ts";
import { type ImageFacts, readImage } from "./read-image.ts";
import { shareWork } from "./shared-work.ts";
import { createSlots, type Slots } from "./slots.ts";

const rememberedImages = 500;

/** Sets up what the workspaces of one engine share: work under way, and what was learned once. */
export function createShared(setting: Setting): Shared {
  return {
    setting,
    pulls: createPulls(),
    platform: rememberPlatform(setting),
    startSlots: rememberStartSlots(setting),
    factsOf: rememberFacts(setting),
    agentVolume: rememberAgentVolume(setting),
    homeOwners: new Map(),
  };
}

function rememberPlatform({ engine }: Setting): Shared["platform"] {
  let known: { os: string; architecture: string } | undefined;
  return async (signal) => {
    if (!known) {
      const { Os, Arch } = await engine.version(signal);
      known = { os: Os, architecture: Arch };
    }
    return known;
  };
}

/**
 * An engine asked to start 30 containers at once takes several times as long over them as when it is asked for a few at
 * a time: its work is processor time and kernel locks, so twice its processors keep it busy.
 */
function rememberStartSlots({ engine }: Setting): Shared["startSlots"] {
  let known: Slots | undefined;
  return async (signal) => {
    if (!known) {
      const { NCPU } = await engine.info(signal);
      known ??= createSlots(Math.max(4, 2 * NCPU));
    }
    return known;
  };
}

/** An image id names content, so what was read from it stays true. */
function rememberFacts(setting: Setting): Shared["factsOf"] {
  const known = new Map<string, ImageFacts>();
  const reading = shareWork<ImageFacts>();
  return async (image: ImageInspect, signal) => {
    const before = known.get(image.Id);
    if (before) return before;
    const facts = await reading.run(image.Id, signal, (shared) => readImage(setting, image, shared));
    const oldest = known.keys().next().value;
    if (known.size >= rememberedImages && oldest !== undefined) known.delete(oldest);
    known.set(image.Id, facts);
    return facts;
  };
}

function rememberAgentVolume(setting: Setting): Shared["agentVolume"] {
  let known: string | undefined;
  const filling = shareWork<string>();
  return {
    async get(signal) {
      // The engine would make a volume that somebody removed anew, and empty.
      if (known !== undefined && !(await setting.engine.inspectVolume(known, signal))) known = undefined;
      known ??= await filling.run("agent", signal, (shared) => ensureAgentVolume(setting, shared));
      return known;
    },
    forget() {
      known = undefined;
    },
  };
}
