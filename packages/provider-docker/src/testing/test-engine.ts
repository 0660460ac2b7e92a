import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import Docker from "dockerode";
import type { EngineAddress } from "../engine-address.ts";
import { findEngine } from "../find-engine.ts";
import { packTar, type TarEntry } from "../tar.ts";

export type TestEngine = Awaited<ReturnType<typeof openTestEngine>>;

export type TestImageFiles = {
  user?: string;
  env?: string[];
  volumes?: string[];
  workdir?: string;
  entries: TarEntry[];
};

/** Finds the engine that tests run on. Without one they are skipped, except where `CI=true` makes that a failure. */
export async function locateTestEngine(): Promise<EngineAddress | undefined> {
  const { DOCKER_HOST: dockerHost, XDG_RUNTIME_DIR: runtimeDirectory, CI } = process.env;
  const found = await findEngine(
    { ...(dockerHost ? { dockerHost } : {}), ...(runtimeDirectory ? { runtimeDirectory } : {}) },
    AbortSignal.timeout(20_000),
  );
  if ("engine" in found) return found.engine;
  if (CI === "true") throw new Error(`No container engine: ${JSON.stringify(found.reasons)}`);
  return undefined;
}

/** Reaches behind the provider: makes images, runs commands inside, counts what exists. */
export async function openTestEngine(address: EngineAddress) {
  const docker = new Docker(address as Docker.DockerOptions);
  const busybox = readFileSync("/bin/busybox");
  const made: string[] = [];

  const containersOf = (label: string) => docker.listContainers({ all: true, filters: { label: [label] } });
  const volumesOf = async (label: string): Promise<{ Name: string }[]> =>
    (await docker.listVolumes({ filters: JSON.stringify({ label: [label] }) })).Volumes ?? [];

  const imagesOf = (label: string) => docker.listImages({ all: true, filters: { label: [label] } } as object);

  const idOf = async (workspaceId: string) => {
    const [container] = await containersOf(`berth.workspace=${workspaceId}`);
    if (!container) throw new Error(`${workspaceId} has no container`);
    return container.Id;
  };

  return {
    docker,
    containersOf,
    volumesOf,
    imagesOf,
    inspect: async (workspaceId: string) => docker.getContainer(await idOf(workspaceId)).inspect(),

    /** Imports an image with busybox in /bin and these files; its content is unique. */
    async makeImage({ entries, user, env, volumes, workdir }: TestImageFiles): Promise<string> {
      const applets = ["sh", "id", "cat", "ls", "stat", "su", "touch", "mkdir", "env"];
      const files: TarEntry[] = [
        { name: "bin/", type: "directory", mode: 0o755 },
        { name: "bin/busybox", mode: 0o4755, body: busybox },
        ...applets.map((name): TarEntry => ({ name: `bin/${name}`, type: "symlink", linkname: "busybox" })),
        { name: "unique", body: randomBytes(16).toString("hex") },
        ...entries,
      ];
      const changes = [
        ...(user === undefined ? [] : [`USER ${user}`]),
        ...(env ?? []).map((entry) => `ENV ${entry}`),
        ...(volumes ?? []).map((volume) => `VOLUME ${volume}`),
        ...(workdir === undefined ? [] : [`WORKDIR ${workdir}`]),
      ];
      const stream = await docker.importImage(Readable.from([await packTar(files)]), { changes });
      const id = /sha256:[0-9a-f]{64}/.exec((await buffer(stream as Readable)).toString())?.[0];
      if (!id) throw new Error("the image was not imported");
      made.push(id);
      return id;
    },

    /** Runs a command in a workspace and answers its output; as root, if asked. */
    async run(workspaceId: string, command: string, user?: string): Promise<string> {
      const exec = await docker.getContainer(await idOf(workspaceId)).exec({
        Cmd: ["/bin/busybox", "sh", "-c", `exec 2>&1; ${command}`],
        AttachStdout: true,
        AttachStderr: true,
        ...(user === undefined ? {} : { User: user }),
      });
      const stream = await exec.start({ hijack: true, stdin: false });
      const out = new PassThrough();
      docker.modem.demuxStream(stream, out, out);
      stream.on("end", () => out.end());
      return (await buffer(out)).toString().trim();
    },

    /** Everything labelled with a workspace, and every volume its containers use. */
    async leftovers(workspaceId: string): Promise<string[]> {
      const label = `berth.workspace=${workspaceId}`;
      const [containers, volumes] = await Promise.all([containersOf(label), volumesOf(label)]);
      return [
        ...containers.map(({ Names }) => `container ${Names[0]}`),
        ...volumes.map(({ Name }) => `volume ${Name}`),
      ];
    },

    anonymousVolumes: async (workspaceId: string) =>
      (await docker.getContainer(await idOf(workspaceId)).inspect()).Mounts.map(({ Name = "" }) => Name).filter(
        (name) => /^[0-9a-f]{64}$/.test(name),
      ),

    forgetImage: async (nameOrId: string) => {
      await docker
        .getImage(nameOrId)
        .remove({ force: true })
        .catch((error) => {
          if (error.statusCode !== 404) throw error;
        });
    },

    /** Removes what the tests' installations and images left. */
    async close(installationIds: readonly string[]): Promise<void> {
      for (const id of installationIds) {
        const label = `berth.installation=${id}`;
        for (const { Id } of await containersOf(label)) await docker.getContainer(Id).remove({ force: true, v: true });
        for (const { Name } of await volumesOf(label)) await docker.getVolume(Name).remove();
      }
      for (const id of made) await this.forgetImage(id);
    },
  };
}

/** An installation id that no other run uses. */
export function uniqueInstallation(): string {
  return `test-${createHash("sha256").update(randomBytes(16)).digest("hex").slice(0, 12)}`;
}
