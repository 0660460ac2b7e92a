import type { LayerProgress } from "@berth/provider";
import type { PullEvent } from "./engine-types.ts";

export type LayersEvent = { layers: LayerProgress[]; currentBytes: number; totalBytes: number };

/** The engine's words for what happens to a layer. */
const statuses: Record<string, LayerProgress["status"]> = {
  "Pulling fs layer": "waiting",
  Waiting: "waiting",
  "Retrying in": "waiting",
  Downloading: "downloading",
  "Verifying Checksum": "verifying",
  "Download complete": "verifying",
  Extracting: "extracting",
  "Pull complete": "done",
  "Already exists": "present",
};

/** Most reports a second, so that a fast pull does not flood its readers. */
const reportEveryMs = 250;

/** Collects a pull's events into one picture of its layers. */
export function createPullProgress(now: () => number, report: (event: LayersEvent) => void) {
  const layers = new Map<string, LayerProgress>();
  let reportedAt = Number.NEGATIVE_INFINITY;
  let isStale = false;

  const flush = () => {
    if (!isStale) return;
    isStale = false;
    reportedAt = now();
    report(summarize([...layers.values()]));
  };

  return {
    /** Takes in one event; reports at most four times a second. */
    add(event: PullEvent): void {
      const next = nextLayer(event, layers.get(event.id ?? ""));
      if (!next) return;
      layers.set(next.id, next);
      isStale = true;
      if (now() - reportedAt >= reportEveryMs) flush();
    },
    /** Reports what has not been reported yet; for the end of a pull. */
    flush,
  };
}

function nextLayer(event: PullEvent, before: LayerProgress | undefined): LayerProgress | undefined {
  const status = statuses[(event.status ?? "").replace(/ \d+ seconds?$/, "")];
  // The first event of a pull carries the tag or digest as its id.
  if (status === undefined || event.id === undefined || !/^[0-9a-f]{6,64}$/.test(event.id)) return undefined;
  const totalBytes = event.progressDetail?.total ?? before?.totalBytes ?? 0;
  const isThrough = status === "done" || status === "verifying";
  const currentBytes = isThrough ? totalBytes : (event.progressDetail?.current ?? before?.currentBytes ?? 0);
  return { id: event.id, status, currentBytes, totalBytes };
}

function summarize(layers: LayerProgress[]): LayersEvent {
  // Extraction counts from zero again; for the sum its bytes have all arrived.
  const arrived = (layer: LayerProgress) => (layer.status === "extracting" ? layer.totalBytes : layer.currentBytes);
  return {
    layers,
    currentBytes: layers.reduce((sum, layer) => sum + arrived(layer), 0),
    totalBytes: layers.reduce((sum, layer) => sum + layer.totalBytes, 0),
  };
}
