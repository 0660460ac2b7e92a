import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resetSandbox, SandboxError } from "./data-directory.ts";
import { parseProgramOptions } from "./program-options.ts";
import { startSandbox } from "./sandbox.ts";
import { callEcr, registryAuthorization } from "./testing/ecr-caller.ts";
import { startTestSandbox } from "./testing/index.ts";
import { ImagePusher } from "./testing/push-image.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
let dataDir: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "sandbox-program-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(dataDir, { recursive: true, force: true });
});

type Running = { child: ChildProcess; lines: Record<string, string> };

/** Starts the program and waits for the lines it prints. */
async function start(args: string[] = []): Promise<Running> {
  const child = spawn(process.execPath, [main, "--port", "0", "--data-dir", dataDir, ...args], {
    env: {},
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  let text = "";
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.includes("Credentials file:")) break;
  }
  return {
    child,
    lines: Object.fromEntries(
      text
        .trim()
        .split("\n")
        .map((line) => line.split(/: (.*)/).slice(0, 2)),
    ),
  };
}

function exit(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

describe("berth sandbox", () => {
  test("prints what a newcomer types, keeps its secrets 0600 and ends on SIGTERM", async () => {
    const { child, lines } = await start();
    expect(lines).toMatchObject({
      Registry: "000000000000.dkr.ecr.us-east-1.amazonaws.com",
      Endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      "Access key ID": expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
      "Secret access key": expect.stringMatching(/^[A-Za-z0-9+/]{40}$/),
    });
    expect((await fetch(`${lines.Endpoint}/v2/`)).status).toBe(401);
    for (const name of ["credentials", "state.jsonl", "root.key", "control-token"]) {
      expect((await stat(path.join(dataDir, name))).mode & 0o777).toBe(0o600);
    }
    expect(await readFile(path.join(dataDir, "credentials"), "utf8")).toContain("[operator]");
    const ended = exit(child);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    const again = await start();
    expect(again.lines["Secret access key"]).toBe(lines["Secret access key"]);
  });

  test("killed in the middle of pushes, it has everything that it acknowledged", async () => {
    const { child, lines } = await start();
    const operator = /\[operator\]\naws_access_key_id = (\S+)\naws_secret_access_key = (\S+)/.exec(
      await readFile(path.join(dataDir, "credentials"), "utf8"),
    )!;
    const key = { accessKeyId: operator[1]!, secretAccessKey: operator[2]!, userName: "", account: "" };
    const remote = (url: string) => ({
      url,
      host: url.slice("http://".length),
      region: "us-east-1",
      operator: key,
      clock: { now: Date.now },
    });
    const first = remote(lines.Endpoint!);
    await callEcr(first, "CreateRepository", { repositoryName: "team/base" });
    const pusher = new ImagePusher(first.url, "team/base", await registryAuthorization(first));
    const acknowledged: string[] = [];
    const pushing = Array.from({ length: 4 }, async (_, worker) => {
      for (let i = 0; ; i++) {
        await pusher.push(`t${worker}-${i}`, { config: { Labels: { n: `${worker}-${i}` } } });
        acknowledged.push(`t${worker}-${i}`);
        if (acknowledged.length === 40) child.kill("SIGKILL");
      }
    });
    await Promise.allSettled(pushing);
    expect(acknowledged.length).toBeGreaterThanOrEqual(40);

    const second = remote((await start()).lines.Endpoint!);
    const imageIds = acknowledged.slice(0, 100).map((imageTag) => ({ imageTag }));
    const { body } = await callEcr(second, "BatchGetImage", { repositoryName: "team/base", imageIds });
    expect(body.failures).toEqual([]);
    const authorization = await registryAuthorization(second);
    const manifests = (body.images as { imageManifest: string }[]).map(
      ({ imageManifest }) => JSON.parse(imageManifest) as { config: { digest: string } },
    );
    const blob = await fetch(`${second.url}/v2/team/base/blobs/${manifests.at(-1)!.config.digest}`, {
      headers: { authorization },
    });
    expect(blob.status).toBe(200);
  });

  test("says what is wrong with a port or a directory in use", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    await expect(startSandbox({ dataDir, port })).rejects.toMatchObject({ code: "SANDBOX_PORT_IN_USE" });
    taken.close();
    const running = await startSandbox({ dataDir });
    await expect(startSandbox({ dataDir })).rejects.toMatchObject({ code: "SANDBOX_DATA_DIR_IN_USE" });
    expect(() => resetSandbox(dataDir)).toThrow(SandboxError);
    await running.close();
  });

  test("reset empties the directory for a new start", async () => {
    const first = await startTestSandbox({ dataDir });
    await first.pushImage("team/base", "1");
    await first.close();
    resetSandbox(dataDir);
    const second = await startTestSandbox({ dataDir });
    expect(second.stats()).toMatchObject({ repositories: 0, images: 0 });
    expect(second.developer.accessKeyId).not.toBe(first.developer.accessKeyId);
    await second.close();
  });
});

describe("options", () => {
  test("come from arguments before the environment before defaults", () => {
    const env = { BERTH_SANDBOX_PORT: "1234", BERTH_DATA_DIR: "/var/lib/berth" };
    expect(parseProgramOptions(["--port", "0"], env)).toMatchObject({
      port: 0,
      dataDir: "/var/lib/berth/sandbox",
      command: "start",
    });
    expect(parseProgramOptions([], env).port).toBe(1234);
    expect(parseProgramOptions(["reset"], { HOME: "/home/a" })).toMatchObject({
      command: "reset",
      dataDir: "/home/a/.local/share/berth/sandbox",
    });
  });

  test.each([
    [["--port", "70000"], "is not a port"],
    [["--account", "12"], "is not an account"],
    [["--region", "localhost"], "is not a region"],
    [["--colour"], "Unknown option"],
    [["stop"], "There is no command stop."],
  ])("%j are refused with a sentence", (argv, message) => {
    expect(() => parseProgramOptions(argv, {})).toThrow(message);
  });
});
