import { describe, expect, it } from "vitest";
import { ProviderError } from "../provider-error.ts";
import type { ApplyContext } from "../workspace-provider.ts";
import type { WorkspaceSpec } from "../workspace-spec.ts";
import { FakeEngine, FakeProvider, fakeKey } from "./fake-provider.ts";
import { type ContractWorld, describeProviderContract } from "./provider.contract.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const source = (digit: string) => ({
  reference: `registry.example.com/team/base:${digit}`,
  digest: digest(digit),
  pullRepository: "registry.example.com/team/base",
});
const agent = { url: "ws://example", token: "secret" };
const login = { username: "puller", password: "correct-horse" };

async function openFakeWorld(): Promise<ContractWorld> {
  const engine = new FakeEngine();
  const forgetPrivateImage = async () => engine.setImage(digest("3"), { state: "pullable", layers: 2, login });
  await forgetPrivateImage();
  engine.setImage(digest("4"), { state: "missing" });
  const key = (workspaceId: string) => fakeKey("mine", workspaceId);
  return {
    provider: new FakeProvider({ engine, installationId: "mine" }),
    stranger: new FakeProvider({ engine, installationId: "theirs" }),
    image: source("1"),
    otherImage: source("2"),
    privateImage: source("3"),
    missingImage: source("4"),
    credential: { ...login, expiresAt: new Date(8e15) },
    forgetPrivateImage,
    agent,
    writeHome: async (workspaceId, text) => void engine.homes.get(key(workspaceId))?.set("note", text),
    readHome: async (workspaceId) => engine.homes.get(key(workspaceId))?.get("note"),
    endByItself: async (workspaceId, exitCode) => engine.endByItself(key(workspaceId), exitCode),
    leftovers: async (workspaceId) => [
      ...(engine.containers.has(key(workspaceId)) ? [`container ${workspaceId}`] : []),
      ...(engine.homes.has(key(workspaceId)) ? [`volume ${workspaceId}`] : []),
    ],
    close: async () => {},
  };
}

describeProviderContract("the fake provider", openFakeWorld);

const spec = (workspaceId: string): WorkspaceSpec => ({
  workspaceId,
  revision: "1",
  name: workspaceId,
  image: source("1"),
  resources: { cpus: 1, memoryBytes: 2 ** 30, diskBytes: 2 ** 30 },
  env: {},
  agent,
});
const context = (): ApplyContext => ({
  signal: new AbortController().signal,
  report: () => {},
  pullCredential: async () => undefined,
});

describe("a fake provider", () => {
  it("starts 500 workspaces at once, each as slow as its steps", async () => {
    const started: string[] = [];
    const provider = new FakeProvider({
      engine: new FakeEngine({ container: 20, start: 30 }),
      onStart: ({ workspaceId }) => void started.push(workspaceId),
    });
    const ids = Array.from({ length: 500 }, (_, index) => `w-${index}`);
    const before = performance.now();
    await Promise.all(ids.map((id) => provider.apply(spec(id), context())));
    expect(performance.now() - before).toBeGreaterThanOrEqual(49);
    expect(started).toHaveLength(500);
    expect(await provider.list(new AbortController().signal)).toHaveLength(500);
  });

  it("fails the next start at the step it is told, once, for the workspace it is told", async () => {
    const engine = new FakeEngine();
    const provider = new FakeProvider({ engine });
    const full = new ProviderError("DISK_FULL", "The engine's disk is full.", { fix: "Free space.", retryable: false });
    engine.failNext("home", full, "unlucky");
    await provider.apply(spec("lucky"), context());
    await expect(provider.apply(spec("unlucky"), context())).rejects.toBe(full);
    await provider.apply(spec("unlucky"), context());
  });

  it("tells the test's agent when its container ends", async () => {
    const engine = new FakeEngine();
    const ends: string[] = [];
    const provider = new FakeProvider({
      engine,
      installationId: "mine",
      onStart: ({ workspaceId }, ended) => ended.addEventListener("abort", () => ends.push(workspaceId)),
    });
    await provider.apply(spec("a"), context());
    await provider.apply(spec("b"), context());
    engine.endByItself(fakeKey("mine", "a"), 1);
    await provider.stop("b", new AbortController().signal);
    expect(ends).toEqual(["a", "b"]);
  });

  it("does not answer while its engine is unreachable", async () => {
    const provider = new FakeProvider();
    provider.engine.setReachable(false);
    await expect(provider.apply(spec("a"), context())).rejects.toMatchObject({ code: "ENGINE_UNREACHABLE" });
    provider.engine.setReachable(true);
    await provider.apply(spec("a"), context());
  });
});
