import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Sandbox, type SandboxOptions, startSandbox } from "../sandbox.ts";
import { type ApiAnswer, callEcr, type EcrCallOptions, registryAuthorization } from "./ecr-caller.ts";
import { ImagePusher, type ImageSpec, type PushedImage } from "./push-image.ts";

export type { ApiAnswer, EcrCallOptions } from "./ecr-caller.ts";
export type { ImageSpec, Platform, PushedImage } from "./push-image.ts";
export { type LayerFile, tarLayer } from "./tar-layer.ts";

/** A sandbox in the test's own process, with a directory of its own that goes when it closes. */
export type TestSandbox = Sandbox & {
  /** Moves the sandbox's clock. */
  advance(ms: number): void;
  /** Pushes a synthetic image through the registry API; the repository is made if need be. */
  pushImage(repository: string, tag: string, spec?: ImageSpec): Promise<PushedImage>;
  /** Pushes many, a few at a time. Images without a spec of their own differ in one label. */
  pushImages(
    repository: string,
    tags: readonly string[],
    spec?: (tag: string, index: number) => ImageSpec,
  ): Promise<PushedImage[]>;
  /** Calls an ECR operation as the operator, or with another key. */
  callEcr(operation: string, input?: object, options?: EcrCallOptions): Promise<ApiAnswer>;
  /** `Basic …` for the data plane, from GetAuthorizationToken. */
  registryAuthorization(options?: EcrCallOptions): Promise<string>;
};

const atOnce = 16;

function labelled(tag: string): ImageSpec {
  return { config: { Labels: { tag }, Cmd: ["sh"] } };
}

/** Starts a sandbox on a free port over a temporary directory; an exception inside it fails loudly. */
export async function startTestSandbox(options: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), "aws-sandbox-")));
  const bugs: unknown[] = [];
  const sandbox = await startSandbox({ onBug: (error) => bugs.push(error), ...options, dataDir });

  async function pusher(repository: string): Promise<ImagePusher> {
    sandbox.createRepository({ name: repository });
    return new ImagePusher(sandbox.url, repository, await registryAuthorization(sandbox));
  }

  return {
    ...sandbox,
    advance: (ms) => sandbox.clock.advance(ms),
    callEcr: (operation, input, callOptions) => callEcr(sandbox, operation, input, callOptions),
    registryAuthorization: (callOptions) => registryAuthorization(sandbox, callOptions),
    async pushImage(repository, tag, spec = {}) {
      return (await pusher(repository)).push(tag, spec);
    },
    async pushImages(repository, tags, spec = labelled) {
      const client = await pusher(repository);
      const pushed: PushedImage[] = [];
      const queue = [...tags.entries()];
      const work = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const [index, tag] = next;
          pushed[index] = await client.push(tag, spec(tag, index));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      return pushed;
    },
    async close() {
      await sandbox.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
      if (bugs.length > 0) throw new AggregateError(bugs, "The sandbox answered 500");
    },
  };
}
