import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Client, createClient } from "@berth/api";
import { docker, expectNothingLeft, objectsWithLabel, requires, temporaryDirectory, waitFor } from "@berth/testing";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openSandboxEcr } from "./sandbox-ecr.ts";
import { freePort, type Printed, processesOf, StartedBerth } from "./testing/started-berth.ts";

const admin = { email: "admin@example.com", username: "admin", password: "correct horse battery" };

const isReady = async (url: string) => (await fetch(`${url}/readyz`)).status === 200;

// The tests of one group follow one another on one data folder, as the days of one installation do.
requires("docker")("npm start", () => {
  let dataDirectory: string;
  let port: number;
  let berth: StartedBerth;
  let first: Printed;
  let client: Client;
  let apiToken: string;
  /** The label on everything of this installation. */
  let installation: string | undefined;

  const start = async (env: NodeJS.ProcessEnv = {}) => {
    berth = new StartedBerth({ dataDirectory, port, env });
    return berth.printed();
  };
  const processOf = (program: string) => {
    const found = processesOf(dataDirectory).find(({ command }) => command.includes(program));
    if (!found) throw new Error(`no process runs ${program}`);
    return found.pid;
  };
  /** What a command prints, run by the command line tool; throws when it fails. */
  const execInWorkspace = async (script: string) => {
    const berthCommand = fileURLToPath(new URL("../../apps/cli/bin/berth", import.meta.url));
    const env = { ...process.env, BERTH_URL: first.url, BERTH_TOKEN: apiToken };
    const { stdout } = await promisify(execFile)(berthCommand, ["exec", "dev", "--", "sh", "-c", script], { env });
    return stdout;
  };
  const containersOf = async (label: string) => (await objectsWithLabel(label)).containers;

  beforeAll(async () => {
    dataDirectory = await mkdtemp(path.join(os.tmpdir(), "berth-start-"));
    port = await freePort();
    // A shell that is set up for another AWS, behind a proxy that nobody answers at.
    first = await start({
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      HTTPS_PROXY: "http://127.0.0.1:9",
      HTTP_PROXY: "http://127.0.0.1:9",
    });
  });

  afterAll(async () => {
    await berth?.stop();
    if (installation) {
      const { volumes } = await objectsWithLabel(installation);
      if (volumes.length > 0) await docker(["volume", "rm", ...volumes]);
      await expectNothingLeft(installation);
    }
    await rm(dataDirectory, { recursive: true, force: true });
  });

  test("prints where everything is, each on its line", async () => {
    expect(berth.stdout.trimEnd().split("\n")).toEqual([
      `Berth: http://localhost:${port}`,
      expect.stringMatching(new RegExp(`^Set-up: http://localhost:${port}/setup#token=\\S{20,}$`)),
      "Registry: 000000000000.dkr.ecr.us-east-1.amazonaws.com",
      expect.stringMatching(/^Access key ID: AKIA[A-Z0-9]{16}$/),
      expect.stringMatching(/^Secret access key: \S{40}$/),
    ]);
    expect(await isReady(first.url)).toBe(true);
  });

  test("offers the sample images in the sandbox registry", async () => {
    const folder = path.join(dataDirectory, "sandbox");
    const { BERTH_AWS_ENDPOINTS } = await environmentOf(processOf("apps/server/src/main.ts"));
    const host = JSON.parse(BERTH_AWS_ENDPOINTS ?? "{}")["000000000000"].registry;
    const ecr = await openSandboxEcr(host, folder, AbortSignal.timeout(10_000));
    expect(await ecr.tagsOf("team/base")).toEqual(new Set(["1", "2", "latest"]));
    expect(await ecr.tagsOf("team/busybox")).toEqual(new Set(["1"]));
  });

  test("hands nothing of the shell's AWS settings or proxies to the sandbox, nor an AWS endpoint to the server", async () => {
    const sandbox = Object.keys(await environmentOf(processOf("aws-sandbox/src/main.ts")));
    expect(sandbox.filter((name) => /^(AWS_|BERTH_|DOCKER_|npm_)|proxy/i.test(name))).toEqual([]);
    const server = await environmentOf(processOf("apps/server/src/main.ts"));
    expect(server).toMatchObject({ AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", HTTPS_PROXY: "http://127.0.0.1:9" });
    expect(server).not.toHaveProperty("AWS_ENDPOINT_URL");
    expect(server.NO_PROXY?.split(",")).toEqual(expect.arrayContaining(["127.0.0.1", "localhost", "::1"]));
  });

  test("runs a workspace from a sample image with the printed key", async () => {
    const anonymous = createClient({ baseUrl: first.url });
    const token = new URL(first.setupUrl ?? "").hash.replace("#token=", "");
    await anonymous.completeSetup({ body: { token, ...admin } });
    const { email, password } = admin;
    const login = await anonymous.login({ body: { email, password, token: { name: "start" } } });
    apiToken = login.token ?? "";
    client = createClient({ baseUrl: first.url, token: apiToken });
    const { registry, accessKeyId, secretAccessKey } = first;
    const newRegistry = { name: "prod", kind: "ecr" as const, registry, accessKeyId, secretAccessKey };
    const sizes = { cpu: 1, memoryGb: 0.5, diskGb: 1 };
    const image = await client.importImage({ body: { newRegistry, repository: "team/base", tag: "1", ...sizes } });
    const workspace = await client.createWorkspace({ body: { name: "dev", imageId: image.id } });
    await waitForStatus(client, workspace.id, "running");
    const [container = ""] = await containersOf(`berth.workspace=${workspace.id}`);
    const id = await docker(["inspect", container, "--format", '{{index .Config.Labels "berth.installation"}}']);
    installation = `berth.installation=${id}`;
    expect(await execInWorkspace("echo kept >marker && id -un")).toBe("coder\n");
  });

  test("tells a second start on the same folder that the first one runs", async () => {
    const second = new StartedBerth({ dataDirectory, port: await freePort() });
    expect(await second.exited()).toBe(1);
    expect(second.stdout).toBe("");
    expect(second.stderr).toMatch(
      /^Berth is already running from \S+ \(process \d+\): use that one, or .*BERTH_DATA_DIR/,
    );
    expect(await isReady(first.url)).toBe(true);
  });

  test.each(["apps/server/src/main.ts", "aws-sandbox/src/main.ts"])("heals a kill -9 of %s", async (program) => {
    const killed = processOf(program);
    process.kill(killed, "SIGKILL");
    await waitFor("another process", () => processOf(program) !== killed, { timeoutMs: 20_000 });
    await waitFor("the server to be ready", () => isReady(first.url), { timeoutMs: 30_000 });
    const { items } = await client.listRegistries({});
    const params = { registryId: items[0]!.id };
    const isGood = async () =>
      (await client.checkRegistry({ params })).steps.every(({ status }) => status !== "failed");
    await waitFor("the registry to answer with the same key", isGood, { timeoutMs: 20_000 });
  });

  test("Ctrl-C stops all it started and leaves no process, and says success", async () => {
    expect(await berth.ctrlC()).toBe(0);
    expect(processesOf(dataDirectory)).toEqual([]);
    expect(await containersOf(installation ?? "")).toEqual([]);
    expect(existsSync(path.join(dataDirectory, "start.pid"))).toBe(false);
  });

  test("a second start takes seconds, prints no set-up, and brings the workspace back", async () => {
    const startedAt = performance.now();
    const second = await start();
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(second).toEqual({ ...first, setupUrl: undefined });
    const marker = () => execInWorkspace("cat marker");
    expect(await waitFor("the workspace with its home", marker, { timeoutMs: 60_000 })).toBe("kept\n");
  });

  test("a start that was killed takes its processes with it, and the next one goes on", async () => {
    await berth.killAll();
    await waitFor("the children to end", () => processesOf(dataDirectory).length === 0, { timeoutMs: 30_000 });
    const third = await start();
    expect(third.accessKeyId).toBe(first.accessKeyId);
    expect(await isReady(third.url)).toBe(true);
    expect(await berth.ctrlC()).toBe(0);
    expect(processesOf(dataDirectory)).toEqual([]);
  });
});

async function environmentOf(pid: number): Promise<Record<string, string>> {
  const entries = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").filter(Boolean);
  return Object.fromEntries(entries.map((entry) => [entry.split("=", 1)[0], entry.slice(entry.indexOf("=") + 1)]));
}

async function waitForStatus(client: Client, workspaceId: string, status: string): Promise<void> {
  await waitFor(
    `the workspace to be ${status}`,
    async () => (await client.getWorkspace({ params: { workspaceId } })).status === status,
    { timeoutMs: 90_000, intervalMs: 200 },
  );
}

test("a port in use is one sentence that names the port and BERTH_PORT", async () => {
  const taken = net.createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as net.AddressInfo;
  const berth = new StartedBerth({ dataDirectory: await temporaryDirectory(), port });
  expect(await berth.exited()).toBe(1);
  expect(berth.stdout).toBe("");
  expect(berth.stderr).toBe(
    `Port ${port} is in use by another program: stop it, or choose another port, for example BERTH_PORT=${port + 1} npm start.\n`,
  );
});

test("an engine that does not answer is one sentence that says what to do", async () => {
  const env = { DOCKER_HOST: "unix:///nowhere/docker.sock" };
  const berth = new StartedBerth({ dataDirectory: await temporaryDirectory(), port: await freePort(), env });
  expect(await berth.exited()).toBe(1);
  expect(berth.stderr).toBe(
    "No container engine answers at /nowhere/docker.sock (There is no such socket): mend DOCKER_HOST, or unset it to use this machine's own engine.\n",
  );
});
