import { FakeProvider } from "@berth/provider/fake";
import { expect, test } from "vitest";
import type { AgentConnection } from "../agents/agent-hub.ts";
import { aBuild, aWorkspace } from "../domain/workspaces/testing/workspace-fixture.ts";
import { BuildRunner } from "./build-runner.ts";
import type { Recorder } from "./ports.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const recorder: Recorder = {
  start: () => undefined,
  finish: () => undefined,
  log: () => undefined,
  layers: () => undefined,
  endOpen: () => undefined,
  flush: async () => undefined,
};

test("a registry that refuses a login is given a fresh one, not the same again", async () => {
  const asked: string[] = [];
  const provider = new FakeProvider();
  // As an engine does whose registry says no to the first login.
  provider.apply = async (_spec, { pullCredential }) => {
    await pullCredential();
    await pullCredential();
  };
  const runner = new BuildRunner({
    provider,
    images: {
      resolveTag: async () => ({ digest: "" }),
      pullSource: async (_id, tag, digest) => ({ reference: tag, digest, pullRepository: "r" }),
      pullCredential: async () => {
        asked.push("login");
        return undefined;
      },
      purge: async () => void asked.push("purge"),
    },
    agents: {
      link: async () => ({ url: "ws://a", token: "t" }),
      waitFor: async () => ({}) as AgentConnection,
      isConnected: () => true,
      disconnect: () => undefined,
      forget: async () => undefined,
    },
    accessUrl: "http://localhost",
    connectTimeoutMs: 1000,
    log: quiet,
  });
  const { signal } = new AbortController();
  await runner.run({
    workspace: aWorkspace(),
    build: aBuild({ kind: "start" }),
    recorder,
    signal,
    pinDigest: async () => {},
  });
  expect(asked).toEqual(["login", "purge", "login"]);
});
