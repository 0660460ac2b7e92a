import {
  type ApplyContext,
  type ProgressEvent,
  ProviderError,
  type WorkspaceProvider,
  type WorkspaceSpec,
} from "@berth/provider";
import type { AgentRuntime } from "../context.ts";
import { createDockerProvider } from "../docker-provider.ts";
import type { EngineAddress } from "../engine-address.ts";
import { openTestEngine, type TestImageFiles, uniqueInstallation } from "./test-engine.ts";
import { startTestRegistry } from "./test-registry.ts";
import { testRuntime } from "./test-runtime.ts";

export type Fixture = Awaited<ReturnType<typeof openFixture>>;

/** An engine, a registry with a password and a provider, with short ways to make images and workspaces. */
export async function openFixture(address: EngineAddress) {
  const [test, registry] = await Promise.all([openTestEngine(address), startTestRegistry()]);
  const installations: string[] = [];
  const install = () => {
    const id = uniqueInstallation();
    installations.push(id);
    return id;
  };
  const providerFor = (
    changes: { installationId?: string; engine?: EngineAddress; agentRuntime?: AgentRuntime } = {},
  ) =>
    createDockerProvider({
      engine: address,
      installationId: changes.installationId ?? installationId,
      agentRuntime: testRuntime(),
      clock: Date,
      ...changes,
    });
  const installationId = install();
  const provider = providerFor();
  let count = 0;
  const next = () => {
    count += 1;
    return count;
  };

  const publish = async (files: TestImageFiles, repository = `team/image-${next()}`) => {
    const imageId = await test.makeImage(files);
    const digest = await registry.push(test.docker, imageId, repository);
    return {
      imageId,
      reference: `registry.example.com/${repository}:1`,
      digest,
      pullRepository: `${registry.host}/${repository}`,
    };
  };
  const specOf = (image: WorkspaceSpec["image"], changes: Partial<WorkspaceSpec> = {}): WorkspaceSpec => ({
    workspaceId: `${installationId}-${next()}`,
    revision: "1",
    name: "dev",
    image,
    resources: { cpus: 0.5, memoryBytes: 128 * 2 ** 20, diskBytes: 2 ** 30 },
    env: {},
    agent: { url: "ws://server", token: "secret" },
    ...changes,
  });

  return {
    address,
    test,
    registry,
    provider,
    installationId,
    install,
    providerFor,
    publish,
    specOf,
    /** Applies and answers what was reported. */
    async apply(spec: WorkspaceSpec, changes: Partial<ApplyContext> = {}, by: WorkspaceProvider = provider) {
      const events: ProgressEvent[] = [];
      await by.apply(spec, {
        signal: new AbortController().signal,
        report: (event) => void events.push(event),
        pullCredential: async () => registry.credential,
        ...changes,
      });
      return events;
    },
    /** Forgets an image as if this engine had never pulled it. */
    forget: (image: { imageId: string }) => test.forgetImage(image.imageId),
    async close() {
      await test.close(installations);
      await registry.close();
    },
  };
}

/** The code a promise fails with; for assertions that also compare leftovers. */
export async function failureOf(work: Promise<unknown>): Promise<ProviderError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  throw new Error("it succeeded");
}
