import type { Steps } from "../lib/bootstrap/steps.mjs";
import type { ImageMaker } from "../lib/images/image-maker.ts";
import { type Sample, samples } from "./samples.ts";
import type { SandboxEcr } from "./sandbox-ecr.ts";

export type PushOptions = {
  ecr: SandboxEcr;
  /** `127.0.0.1:PORT`: where the engine pushes to. */
  host: string;
  maker: Omit<ImageMaker, "report">;
  steps: Steps;
};

/** Puts the sample images into the sandbox's registry where they are missing. What fails is told, and stops nothing. */
export async function pushSamples({ ecr, host, maker, steps }: PushOptions): Promise<void> {
  for (const sample of samples) {
    try {
      const missing = await missingTags(ecr, sample);
      if (missing.length === 0) continue;
      const title = `Putting ${sample.repository} into the sandbox registry`;
      await steps.run(title, (report) => pushSample(ecr, host, { ...maker, report }, sample, missing));
    } catch (error) {
      maker.signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      steps.note(
        `${sample.repository} is left out of the sandbox registry for now (${reason}); the next start tries again.`,
      );
    }
  }
}

type Tags = Sample["tags"];

async function missingTags(ecr: SandboxEcr, { repository, tags }: Sample): Promise<Tags> {
  const present = await ecr.tagsOf(repository);
  return tags.filter(({ tag }) => !present?.has(tag));
}

async function pushSample(
  ecr: SandboxEcr,
  host: string,
  maker: ImageMaker,
  sample: Sample,
  missing: Tags,
): Promise<void> {
  const { images, report, signal } = maker;
  await sample.make(maker);
  if (!(await ecr.tagsOf(sample.repository))) await ecr.createRepository(sample.repository);
  const login = await ecr.login();
  for (const { tag, image } of missing) {
    const name = { repository: `${host}/${sample.repository}`, tag };
    await images.tag(`${image.repository}:${image.tag}`, name, signal);
    try {
      report(`pushing ${sample.repository}:${tag}`);
      await images.push(name, login, (words) => report(`pushing ${sample.repository}:${tag}: ${words}`), signal);
    } finally {
      // Only this push needed the name.
      await images.remove(`${name.repository}:${tag}`, AbortSignal.timeout(10_000)).catch(() => undefined);
    }
  }
}
