import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resetSandbox, SandboxError } from "./data-directory.ts";
import { parseProgramOptions } from "./program-options.ts";
import { startSandbox } from "./sandbox.ts";
import { type CallTarget, callEcr, registryAuthorization } from "./testing/ecr-caller.ts";
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
function start(): Promise<Running> {
  const args = [main, "--port", "0", "--data-dir", dataDir];
  return printed(spawn(process.execPath, args, { env: {}, stdio: ["ignore", "pipe", "inherit"] }));
}

async function printed(child: ChildProcess): Promise<Running> {
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

/** What a caller needs of a sandbox in another process. */
async function reachable({ lines }: Running): Promise<CallTarget> {
  const url = lines.Endpoint!;
  const file = await readFile(path.join(dataDir, "credentials"), "utf8");
  const [, id, secret] = /\[operator\]\naws_access_key_id = (\S+)\naws_secret_access_key = (\S+)/.exec(file)!;
  const operator = { accessKeyId: id!, secretAccessKey: secret!, userName: "", account: "" };
  return { url, host: url.slice("http://".length), region: "us-east-1", operator, clock: Date };
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
    const running = await start();
    const { child } = running;
    const first = await reachable(running);
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

    const second = await reachable(await start());
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

  test("with a full disk it refuses, and keeps what it had acknowledged", async () => {
    const limited = spawn(
      "/bin/bash",
      [
        "-c",
        'trap "" XFSZ; ulimit -f 40; exec "$0" "$@"',
        process.execPath,
        main,
        "--port",
        "0",
        "--data-dir",
        dataDir,
      ],
      {
        env: {},
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    const first = await reachable(await printed(limited));
    const names: string[] = [];
    for (let status = 200; status === 200; ) {
      const repositoryName = `team/r${names.length}`;
      status = (await callEcr(first, "CreateRepository", { repositoryName })).status;
      if (status === 200) names.push(repositoryName);
      else expect(status).toBe(500);
    }
    expect(names.length).toBeGreaterThan(20);
    expect((await callEcr(first, "DescribeRepositories")).status).toBe(200);
    limited.kill("SIGKILL");
    const second = await reachable(await start());
    const { body } = await callEcr(second, "DescribeRepositories", { maxResults: 1000 });
    expect((body.repositories as { repositoryName: string }[]).map(({ repositoryName }) => repositoryName)).toEqual(
      names.sort(),
    );
  });

  test("does not start over a state that it cannot read", async () => {
    await writeFile(path.join(dataDir, "state.jsonl"), "nonsense\n");
    await expect(startSandbox({ dataDir })).rejects.toMatchObject({ code: "SANDBOX_STATE_UNREADABLE" });
    resetSandbox(dataDir);
    await (await startSandbox({ dataDir })).close();
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
