import { chmod, mkdir, open, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { type TarEntry, tarChunks } from "./tar.ts";

/** Where the runtime is mounted in a workspace. Compiled into its programs, and short because it must be. */
export const MOUNT_PATH = "/.berth";

/** What the engine runs, under its init and as the image's user. */
export const AGENT_ENTRYPOINT: readonly string[] = [`${MOUNT_PATH}/bin/busybox`, "sh", `${MOUNT_PATH}/supervise.sh`];

export type Parts = {
  node: Buffer;
  loader: Buffer;
  libraries: readonly { name: string; data: Buffer }[];
  busybox: Buffer;
  bundle: Buffer;
  pty: Buffer;
  supervisor: Buffer;
};

/** Lays out the runtime: the same parts give the same entries. */
export function runtimeEntries(parts: Parts): TarEntry[] {
  const directory = (name: string): TarEntry => ({ path: name, type: "directory", mode: 0o755 });
  const file = (name: string, data: Buffer, mode = 0o644): TarEntry => ({ path: name, type: "file", mode, data });
  return [
    directory("bin"),
    directory("lib"),
    // The provider mounts the workspace's own directory here: the runtime itself is read-only and shared.
    directory("run"),
    file("bin/node", parts.node, 0o755),
    file("bin/busybox", parts.busybox, 0o755),
    // Busybox goes by the name it is called by: this makes it a login shell for images without one.
    { path: "bin/sh", type: "symlink", target: "busybox" },
    file("ld.so", parts.loader, 0o755),
    ...parts.libraries.map(({ name, data }) => file(`lib/${name}`, data)),
    file("agent.mjs", parts.bundle),
    file("pty.node", parts.pty),
    file("supervise.sh", parts.supervisor),
  ];
}

/** Writes the entries as files below a directory that does not exist yet. */
export async function writeTree(root: string, entries: readonly TarEntry[]): Promise<void> {
  await mkdir(root);
  for (const entry of entries) {
    const target = path.join(root, entry.path);
    if (entry.type === "symlink") {
      await symlink(entry.target, target);
      continue;
    }
    if (entry.type === "directory") await mkdir(target);
    else await writeFile(target, entry.data);
    await chmod(target, entry.mode);
  }
}

/** Writes the entries as a tar file, on disk before it returns. */
export async function writeTar(file: string, entries: readonly TarEntry[]): Promise<void> {
  const handle = await open(file, "wx");
  try {
    for (const chunk of tarChunks(entries)) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
