import type { ContractWorld } from "@berth/provider/contract";
import { createDockerProvider } from "../docker-provider.ts";
import type { EngineAddress } from "../engine-address.ts";
import { openTestEngine, uniqueInstallation } from "./test-engine.ts";
import { startTestRegistry } from "./test-registry.ts";
import { testRuntime } from "./test-runtime.ts";

const rootOnly = [
  { name: "etc/passwd", body: "root:x:0:0:root:/root:/bin/sh\n" },
  { name: "root/", type: "directory" as const, mode: 0o700 },
  { name: "tmp-exit/", type: "directory" as const, mode: 0o777 },
];

/** The real engine with a registry beside it, as the contract suite wants to meet them. */
export async function openDockerWorld(engine: EngineAddress): Promise<ContractWorld> {
  const [test, registry] = await Promise.all([openTestEngine(engine), startTestRegistry()]);
  const installations = [uniqueInstallation(), uniqueInstallation()] as const;
  const [provider, stranger] = installations.map((installationId) =>
    createDockerProvider({ engine, installationId, agentRuntime: testRuntime(), clock: Date }),
  );
  if (!provider || !stranger) throw new Error("unreachable");
  const publish = async (repository: string) => {
    const id = await test.makeImage({ entries: rootOnly });
    const digest = await registry.push(test.docker, id, repository);
    return {
      reference: `registry.example.com/${repository}:1`,
      digest,
      pullRepository: `${registry.host}/${repository}`,
    };
  };
  const image = await publish("team/base");
  const otherImage = await publish("team/other");
  const privateImage = await publish("team/private");
  return {
    provider,
    stranger,
    image,
    otherImage,
    privateImage,
    credential: registry.credential,
    missingImage: { ...image, digest: `sha256:${"0".repeat(64)}` },
    forgetPrivateImage: async () => {
      for (const { Id, RepoDigests } of await test.docker.listImages()) {
        if (RepoDigests?.some((name) => name.endsWith(privateImage.digest))) await test.forgetImage(Id);
      }
    },
    agent: { url: "ws+unix:///.berth/run/agent.sock", token: "secret" },
    writeHome: async (workspaceId, text) => void (await test.run(workspaceId, `echo ${text} > $HOME/note`)),
    readHome: async (workspaceId) => {
      const text = await test.run(workspaceId, "test -f $HOME/note && cat $HOME/note");
      return text === "" ? undefined : text;
    },
    endByItself: async (workspaceId, exitCode) =>
      void (await test.run(workspaceId, `echo ${exitCode} > /tmp-exit/code`).catch(() => {})),
    leftovers: (workspaceId) => test.leftovers(workspaceId),
    close: async () => {
      await test.close(installations);
      await registry.close();
    },
  };
}
