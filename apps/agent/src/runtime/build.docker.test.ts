import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { requires } from "@berth/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AgentRuntime, buildAgentRuntime, type RuntimeOptions } from "./build.ts";
import { readElf } from "./elf.ts";

const arch = process.arch === "arm64" ? "arm64" : "x64";
const installed = fileURLToPath(new URL(`../../../../node_modules/node-linux-${arch}`, import.meta.url));

// Named for Docker because it needs what Docker tests need: a Linux machine with glibc and a static busybox.
requires("docker")("the agent's runtime", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "berth-runtime-"));
  const nodePackageDir = path.join(folder, "node");
  const options: RuntimeOptions = { outDir: path.join(folder, "out"), arch, nodePackageDir };
  let first: AgentRuntime;

  beforeAll(async () => {
    mkdirSync(path.join(nodePackageDir, "bin"), { recursive: true });
    cpSync(path.join(installed, "bin/node"), path.join(nodePackageDir, "bin/node"));
    first = await buildAgentRuntime(options);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("holds a Node that starts from its own loader and libraries", async () => {
    const node = readElf(await readFile(path.join(first.dir, "bin/node")));
    expect(node).toMatchObject({ interpreter: "/.berth/ld.so", rpath: "/.berth/lib", arch });
    const libraries = await readdir(path.join(first.dir, "lib"));
    const pty = readElf(await readFile(path.join(first.dir, "pty.node")));
    const loader = /^ld-linux/;
    for (const name of [...node.needed, ...pty.needed, "libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"]) {
      if (!loader.test(name)) expect(libraries).toContain(name);
    }
    expect(await readdir(path.join(first.dir, "run"))).toEqual([]);
    expect((await stat(path.join(first.dir, "bin/busybox"))).mode & 0o777).toBe(0o755);
  });

  it("is found again at once", async () => {
    const startedAt = performance.now();
    const steps: string[] = [];
    expect(await buildAgentRuntime({ ...options, onProgress: (step) => steps.push(step) })).toEqual(first);
    expect(steps).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(200);
  });

  it("is the same, byte for byte, when built again", async () => {
    const again = await buildAgentRuntime({ ...options, outDir: path.join(folder, "again") });
    expect(again.version).toBe(first.version);
    const [one, two] = await Promise.all([readFile(first.tarPath), readFile(again.tarPath)]);
    expect(one.equals(two)).toBe(true);
  });

  it("is built anew when an input changes, and cleans up after builds that were killed", async () => {
    const left = path.join(folder, "out", arch, ".building-999999999-x");
    mkdirSync(left);
    await writeFile(path.join(left, "half"), "half a build");
    const node = path.join(nodePackageDir, "bin/node");
    await utimes(node, new Date(), new Date(0));
    const steps: string[] = [];
    const rebuilt = await buildAgentRuntime({ ...options, onProgress: (step) => steps.push(step) });
    expect(steps).toContain("Packing");
    expect(rebuilt.version).toBe(first.version);
    expect((await readdir(path.join(folder, "out", arch))).sort()).toEqual([first.version, "current.json"].sort());
  });

  it("is built when its record is broken, or its files are gone", async () => {
    await writeFile(path.join(folder, "out", arch, "current.json"), "{");
    expect(await buildAgentRuntime(options)).toEqual(first);
    rmSync(path.dirname(first.dir), { recursive: true });
    expect(await buildAgentRuntime(options)).toEqual(first);
    expect((await stat(first.tarPath)).size).toBeGreaterThan(50_000_000);
  });

  describe("says what to do", () => {
    const other = arch === "x64" ? "arm64" : "x64";
    it.each<[string, Partial<RuntimeOptions>, string]>([
      ["on macOS", { host: { platform: "darwin", arch } }, "AGENT_HOST_UNSUPPORTED"],
      ["for another architecture", { arch: other }, "AGENT_ARCH_UNSUPPORTED"],
      ["without Node", { nodePackageDir: "/nowhere" }, "AGENT_NODE_MISSING"],
    ])("%s", async (_where, wrong, code) => {
      const attempt = buildAgentRuntime({ ...options, outDir: path.join(folder, "wrong"), ...wrong });
      await expect(attempt).rejects.toMatchObject({ code, fix: expect.stringMatching(/\.$/) });
    });
  });
});
