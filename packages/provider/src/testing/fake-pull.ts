import type { LayerProgress } from "../progress.ts";
import { ProviderError } from "../provider-error.ts";
import type { ApplyContext } from "../workspace-provider.ts";
import type { ImageSource } from "../workspace-spec.ts";
import type { FakeEngine } from "./fake-engine.ts";

const layerBytes = 1024 * 1024;

/** Pulls an image as a real engine would: only if it has to, with this pull's credential; answers the step's detail. */
export async function pullFakeImage(engine: FakeEngine, source: ImageSource, context: ApplyContext): Promise<string> {
  const image = engine.imageOf(source);
  if (image.state === "present") return "Already on this engine";
  const credential = await context.pullCredential();
  if (image.state === "missing") {
    throw new ProviderError("IMAGE_NOT_FOUND", "The registry does not have this image any more.", {
      fix: "Rebuild the workspace from a tag that exists.",
      retryable: false,
    });
  }
  const { login } = image;
  if (login && (credential?.username !== login.username || credential.password !== login.password)) {
    throw new ProviderError("IMAGE_PULL_DENIED", "The registry did not let the engine pull the image.", {
      fix: "Check the registry's credentials.",
      retryable: false,
    });
  }
  reportLayers(image.layers ?? 1, context);
  engine.setImage(source.digest, { state: "present" });
  return "Pulled from the registry";
}

function reportLayers(count: number, { report }: ApplyContext): void {
  const layers = Array.from(
    { length: count },
    (_, index): LayerProgress => ({
      id: index.toString(16).padStart(12, "0"),
      status: "done",
      currentBytes: layerBytes,
      totalBytes: layerBytes,
    }),
  );
  const totalBytes = count * layerBytes;
  report({ type: "layers", step: "image", layers, currentBytes: totalBytes, totalBytes });
}
