import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ProgressEvent } from "../progress.ts";
import type { ApplyContext, PullCredential, WorkspaceProvider } from "../workspace-provider.ts";
import type { ImageSource, WorkspaceSpec } from "../workspace-spec.ts";

/** One engine as the suite meets it: the provider, and hands that reach behind it. */
export type ContractWorld = {
  provider: WorkspaceProvider;
  /** Another installation on the same engine. */
  stranger: WorkspaceProvider;
  /** On the engine already. */
  image: ImageSource;
  /** Another image, also there. */
  otherImage: ImageSource;
  /** Only in a registry, and only for this credential. */
  privateImage: ImageSource;
  credential: PullCredential;
  /** In the same registry: a digest that it does not have. */
  missingImage: ImageSource;
  /** Makes the engine forget `privateImage`. */
  forgetPrivateImage(): Promise<void>;
  agent: WorkspaceSpec["agent"];
  writeHome(workspaceId: string, text: string): Promise<void>;
  readHome(workspaceId: string): Promise<string | undefined>;
  /** Lets the workspace's own process end with this code. */
  endByItself(workspaceId: string, exitCode: number): Promise<void>;
  /** Everything that exists for the workspace, in words: `container …`, `volume …`. */
  leftovers(workspaceId: string): Promise<string[]>;
  close(): Promise<void>;
};

type Recorded = ApplyContext & { events: ProgressEvent[]; asked: number };

/** Runs the contract of `WorkspaceProvider` against one adapter. */
export function describeProviderContract(name: string, open: () => Promise<ContractWorld>): void {
  describe(`${name} keeps the provider contract:`, () => {
    let world: ContractWorld;
    let workspaceId: string;
    let counter = 0;
    const { signal } = new AbortController();

    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());
    beforeEach(() => {
      counter += 1;
      workspaceId = `contract-${counter}`;
    });
    afterEach(() => world.provider.remove(workspaceId, signal));

    const spec = (changes: Partial<WorkspaceSpec> = {}): WorkspaceSpec => ({
      workspaceId,
      revision: "1",
      name: "dev",
      image: world.image,
      resources: { cpus: 0.5, memoryBytes: 128 * 2 ** 20, diskBytes: 2 ** 30 },
      env: {},
      agent: world.agent,
      ...changes,
    });
    const context = (changes: Partial<ApplyContext> = {}): Recorded => {
      const recorded: Recorded = {
        signal,
        events: [],
        asked: 0,
        report: (event) => void recorded.events.push(event),
        pullCredential: async () => {
          recorded.asked += 1;
          return world.credential;
        },
        ...changes,
      };
      return recorded;
    };
    const observe = () => world.provider.observe(workspaceId, signal);

    it("describes the engine", async () => {
      const info = await world.provider.describe(signal);
      expect(info.kind).toBe(world.provider.kind);
      expect(info.platforms[0]).toMatch(/^linux\/\w+$/);
      expect(info.cpus).toBeGreaterThan(0);
      expect(info.memoryBytes).toBeGreaterThan(0);
    });

    it("starts a workspace and says so step by step", async () => {
      const recorded = context();
      await world.provider.apply(spec(), recorded);
      expect(await observe()).toMatchObject({ state: "running", revision: "1", imageDigest: world.image.digest });
      const steps = recorded.events.filter((event) => event.type === "step-started").map((event) => event.step);
      expect(steps).toEqual(["image", "inspect", "home", "agent", "container", "start"]);
      const finished = recorded.events.filter((event) => event.type === "step-finished").map((event) => event.step);
      expect(finished).toEqual(steps);
    });

    it("asks neither registry nor broker for an image the engine has", async () => {
      const recorded = context();
      await world.provider.apply(spec(), recorded);
      expect(recorded.asked).toBe(0);
      expect(recorded.events).toContainEqual({
        type: "step-finished",
        step: "image",
        detail: "Already on this engine",
      });
    });

    it("pulls an image with the credential of this pull, telling of its layers", async () => {
      await world.forgetPrivateImage();
      const recorded = context();
      await world.provider.apply(spec({ image: world.privateImage }), recorded);
      expect(recorded.asked).toBe(1);
      const layers = recorded.events.findLast((event) => event.type === "layers");
      expect(layers?.layers.length).toBeGreaterThan(0);
      expect(layers?.currentBytes).toBe(layers?.totalBytes);
      expect(layers?.totalBytes).toBeGreaterThan(0);
    });

    it("says when the registry refuses the credential, and leaves nothing", async () => {
      await world.forgetPrivateImage();
      const wrong = { ...world.credential, password: "wrong" };
      const applied = world.provider.apply(
        spec({ image: world.privateImage }),
        context({ pullCredential: async () => wrong }),
      );
      await expect(applied).rejects.toMatchObject({ name: "ProviderError", code: "IMAGE_PULL_DENIED" });
      expect(await world.leftovers(workspaceId)).toEqual([]);
    });

    it("says when the image is not in the registry, and leaves nothing", async () => {
      const applied = world.provider.apply(spec({ image: world.missingImage }), context());
      await expect(applied).rejects.toMatchObject({ name: "ProviderError", code: "IMAGE_NOT_FOUND", retryable: false });
      expect(await world.leftovers(workspaceId)).toEqual([]);
    });

    it("passes on the failure of whoever hands out credentials", async () => {
      await world.forgetPrivateImage();
      const refused = new Error("no credential for you");
      const applied = world.provider.apply(
        spec({ image: world.privateImage }),
        context({ pullCredential: () => Promise.reject(refused) }),
      );
      await expect(applied).rejects.toBe(refused);
    });

    it("leaves a running workspace of the same revision alone", async () => {
      await world.provider.apply(spec(), context());
      const before = await observe();
      const recorded = context();
      await world.provider.apply(spec(), recorded);
      expect(await observe()).toEqual(before);
      expect(recorded.events).toEqual([]);
    });

    it("replaces a running workspace of another revision and keeps home", async () => {
      await world.provider.apply(spec(), context());
      await world.writeHome(workspaceId, "kept");
      await world.provider.apply(spec({ revision: "2", image: world.otherImage }), context());
      expect(await observe()).toMatchObject({
        state: "running",
        revision: "2",
        imageDigest: world.otherImage.digest,
      });
      expect(await world.readHome(workspaceId)).toBe("kept");
    });

    it("tells how a container ended by itself, and starts it again", async () => {
      await world.provider.apply(spec(), context());
      await world.endByItself(workspaceId, 7);
      await expect.poll(observe).toMatchObject({ state: "exited", revision: "1", exitCode: 7, outOfMemory: false });
      await world.provider.apply(spec(), context());
      expect(await observe()).toMatchObject({ state: "running", revision: "1" });
    });

    it("stops a workspace, keeps its home, and starts it again", async () => {
      await world.provider.apply(spec(), context());
      await world.writeHome(workspaceId, "kept");
      await world.provider.stop(workspaceId, signal);
      expect(await observe()).toEqual({ state: "absent", hasHome: true });
      await world.provider.apply(spec(), context());
      expect(await world.readHome(workspaceId)).toBe("kept");
    });

    it("removes a workspace with its home", async () => {
      await world.provider.apply(spec(), context());
      await world.writeHome(workspaceId, "gone");
      await world.provider.remove(workspaceId, signal);
      expect(await observe()).toEqual({ state: "absent", hasHome: false });
      expect(await world.leftovers(workspaceId)).toEqual([]);
      await world.provider.apply(spec(), context());
      expect(await world.readHome(workspaceId)).toBeUndefined();
    });

    it("stops and removes what is not there without complaint, and more than once", async () => {
      await world.provider.stop(workspaceId, signal);
      await world.provider.remove(workspaceId, signal);
      await world.provider.apply(spec(), context());
      await world.provider.stop(workspaceId, signal);
      await world.provider.stop(workspaceId, signal);
      await world.provider.remove(workspaceId, signal);
      await world.provider.remove(workspaceId, signal);
      expect(await observe()).toEqual({ state: "absent", hasHome: false });
    });

    const cancelAt = async (step: string, changes: Partial<WorkspaceSpec> = {}) => {
      const controller = new AbortController();
      const recorded = context({ signal: controller.signal });
      recorded.report = (event) => {
        if (event.type === "step-started" && event.step === step) controller.abort();
      };
      await expect(world.provider.apply(spec(changes), recorded)).rejects.toMatchObject({
        name: "ProviderError",
        code: "CANCELED",
      });
    };

    it.each(["image", "home", "container", "start"])(
      "leaves nothing when cancelled during the step %s",
      async (step) => {
        await cancelAt(step);
        expect(await observe()).toEqual({ state: "absent", hasHome: false });
        expect(await world.leftovers(workspaceId)).toEqual([]);
        await world.provider.apply(spec(), context());
        expect((await observe()).state).toBe("running");
      },
    );

    it("keeps home when a replacement is cancelled", async () => {
      await world.provider.apply(spec(), context());
      await world.writeHome(workspaceId, "kept");
      await cancelAt("start", { revision: "2" });
      expect(await observe()).toEqual({ state: "absent", hasHome: true });
      await world.provider.apply(spec({ revision: "2" }), context());
      expect(await world.readHome(workspaceId)).toBe("kept");
    });

    it("does nothing for a signal that has aborted already", async () => {
      const aborted = AbortSignal.abort();
      const canceled = { name: "ProviderError", code: "CANCELED" };
      await expect(world.provider.apply(spec(), context({ signal: aborted }))).rejects.toMatchObject(canceled);
      await expect(world.provider.observe(workspaceId, aborted)).rejects.toMatchObject(canceled);
      await expect(world.provider.list(aborted)).rejects.toMatchObject(canceled);
      expect(await world.leftovers(workspaceId)).toEqual([]);
    });

    it("lists what this installation has, and nobody else's", async () => {
      const list = async (provider: WorkspaceProvider) =>
        (await provider.list(signal)).find((workspace) => workspace.workspaceId === workspaceId)?.observation;
      await world.provider.apply(spec(), context());
      expect(await list(world.provider)).toMatchObject({ state: "running", revision: "1" });
      expect(await list(world.stranger)).toBeUndefined();
      await world.provider.stop(workspaceId, signal);
      expect(await list(world.provider)).toEqual({ state: "absent", hasHome: true });
    });

    it("does not touch another installation's workspace of the same id", async () => {
      await world.provider.apply(spec(), context());
      await world.writeHome(workspaceId, "mine");
      await world.stranger.stop(workspaceId, signal);
      await world.stranger.remove(workspaceId, signal);
      expect(await world.stranger.observe(workspaceId, signal)).toEqual({ state: "absent", hasHome: false });
      expect((await observe()).state).toBe("running");
      expect(await world.readHome(workspaceId)).toBe("mine");
    });

    it("tells of starts and ends of this installation until it is told to stop", async () => {
      const watching = new AbortController();
      const seen: string[] = [];
      const strangers: string[] = [];
      world.provider.watch((id) => seen.push(id), watching.signal);
      world.stranger.watch((id) => strangers.push(id), watching.signal);
      await world.provider.apply(spec(), context());
      await expect.poll(() => seen).toContain(workspaceId);
      seen.length = 0;
      await world.endByItself(workspaceId, 0);
      await expect.poll(() => seen).toContain(workspaceId);
      watching.abort();
      seen.length = 0;
      await world.provider.remove(workspaceId, signal);
      expect(seen).toEqual([]);
      expect(strangers).toEqual([]);
    });

    it("hands over the last lines of a workspace's own log", async () => {
      await world.provider.apply(spec(), context());
      await expect.poll(() => world.provider.tailLogs(workspaceId, 1, signal)).toHaveLength(1);
      expect(await world.provider.tailLogs("never-existed", 5, signal)).toEqual([]);
    });

    it("starts a workspace once when asked twice at once", async () => {
      await Promise.all([world.provider.apply(spec(), context()), world.provider.apply(spec(), context())]);
      expect(await observe()).toMatchObject({ state: "running", revision: "1" });
      expect((await world.leftovers(workspaceId)).filter((thing) => thing.startsWith("container"))).toHaveLength(1);
    });
  });
}
