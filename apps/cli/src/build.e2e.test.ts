import type { BuildLogEntry } from "@berth/api";
import { spawn as spawnOnTerminal } from "@lydell/node-pty";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ContractServer,
  dropConnection,
  type Handlers,
  problem,
  startContractServer,
} from "./testing/contract-server.ts";
import { berthProgram, type Home, makeHome, resultOf } from "./testing/run-berth.ts";
import { build, buildEntry, ids, image, layersEntry, stepEntry, workspace } from "./testing/samples.ts";

let home: Home;
let server: ContractServer;
let env: Record<string, string>;

beforeEach(async () => {
  home = await makeHome();
});
afterEach(async () => {
  await server.close();
  await home.remove();
});

async function serve(handlers: Handlers): Promise<void> {
  server = await startContractServer({
    listImages: () => ({ items: [image()] }),
    listWorkspaces: () => ({ items: [workspace({ latestBuild: build() })] }),
    createWorkspace: () => workspace({ status: "pending", latestBuild: build() }),
    getWorkspace: () => workspace(),
    ...handlers,
  });
  env = { BERTH_URL: server.url, BERTH_TOKEN: "t" };
}

async function* entries(...list: (BuildLogEntry | typeof dropConnection)[]) {
  yield* list;
}

const story = [
  stepEntry(1, "Resolve", "running"),
  stepEntry(2, "Resolve", "succeeded"),
  stepEntry(3, "Pull", "running"),
  layersEntry(4, 100),
  layersEntry(5, 120),
  layersEntry(6, 600),
  stepEntry(7, "Pull", "succeeded", "sha256:00"),
];
const create = ["create", "dev", "--image", "team/base:1", "--wait"];

describe("berth create --wait", () => {
  test("tells the build on stderr, step by step, and the result on stdout", async () => {
    const bodies: unknown[] = [];
    await serve({
      createWorkspace: ({ body }) => {
        bodies.push(body);
        return workspace({ status: "pending", latestBuild: build() });
      },
      streamBuildLog: () => entries(...story, buildEntry(8)),
    });
    const result = await home.berth(create, { env });
    expect(result).toMatchObject({ code: 0, stdout: "dev is running. Work in it: berth exec dev\n" });
    expect(bodies).toEqual([{ name: "dev", imageId: ids.image, tag: "1" }]);
    expect(result.stderr).toBe(
      [
        "… Resolve",
        "✓ Resolve (1.2 s)",
        "… Pull",
        "    100 B of 1.0 kB, 0 of 1 layers",
        "    600 B of 1.0 kB, 0 of 1 layers",
        "✓ Pull (1.2 s)",
        "    sha256:00",
        "",
      ].join("\n"),
    );
  });

  test("goes on where a dropped connection ended, telling nothing twice", async () => {
    const starts: number[] = [];
    await serve({
      streamBuildLog: ({ query }) => {
        starts.push(query.after);
        if (query.after === 0) return entries(...story.slice(0, 3), dropConnection);
        if (starts.length === 2) return entries(); // ended without the build: as lost
        return entries(...story.slice(2), buildEntry(8)); // one entry again
      },
    });
    const result = await home.berth(create, { env });
    expect(starts).toEqual([0, 3, 3]);
    expect(result.code).toBe(0);
    expect(result.stderr.match(/… Pull/g)).toHaveLength(1);
    expect(result.stderr).toContain("✓ Pull (1.2 s)");
  });

  test("a build that fails leaves with 6, its failure and the fix", async () => {
    const failure = {
      code: "IMAGE_PULL_DENIED",
      title: "t",
      detail: "The registry refused the image.",
      fix: { text: "Check the key:", command: "berth registries check prod" },
      retryable: false,
    };
    await serve({
      streamBuildLog: () =>
        entries(
          stepEntry(1, "Pull", "running"),
          stepEntry(2, "Pull", "failed"),
          buildEntry(3, { status: "failed", failure }),
        ),
    });
    const result = await home.berth(create, { env });
    expect(result).toMatchObject({ code: 6, stdout: "" });
    expect(result.stderr).toBe(
      "… Pull\n✗ Pull (1.2 s)\nberth: The registry refused the image.\nFix: Check the key:\n  berth registries check prod\n(IMAGE_PULL_DENIED)\n",
    );
    const json = await home.berth([...create, "--output", "json"], { env });
    expect(json).toMatchObject({ code: 6, stdout: "" });
    expect(JSON.parse(json.stderr)).toEqual(failure);
  });

  test("a canceled build leaves with 5", async () => {
    await serve({ streamBuildLog: () => entries(buildEntry(1, { status: "canceled" })) });
    expect(await home.berth(create, { env })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("BUILD_CANCELED"),
    });
  });

  test("prints JSON and nothing else with --output json", async () => {
    await serve({ streamBuildLog: () => entries(...story, buildEntry(8)) });
    const result = await home.berth([...create, "--output", "json"], { env });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(result.stdout)).toEqual(workspace());
  });

  test("Ctrl-C stops waiting, not the build, and says how to go on", async () => {
    await serve({
      async *streamBuildLog() {
        yield* story.slice(0, 3);
        await new Promise(() => undefined);
      },
    });
    const child = home.start(create, env);
    const ended = resultOf(child);
    await new Promise<void>((resolve) =>
      child.stderr.on("data", (chunk) => String(chunk).includes("… Pull") && resolve()),
    );
    child.kill("SIGINT");
    expect(await ended).toMatchObject({
      code: 130,
      stdout: "",
      stderr: expect.stringContaining("berth ws logs dev --follow"),
    });
  });

  test("redraws the step under way on a terminal, and clears it away at the end", async () => {
    await serve({ streamBuildLog: () => entries(...story, buildEntry(8)) });
    const terminal = spawnOnTerminal(berthProgram, create, {
      cols: 100,
      rows: 30,
      env: { ...home.env, ...env, TERM: "xterm-256color" },
    });
    let seen = "";
    terminal.onData((data) => {
      seen += data;
    });
    const code = await new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    expect(code).toBe(0);
    expect(seen).toContain("[████████████░░░░░░░░] 600 B of 1.0 kB, 0 of 1 layers");
    expect(seen).toContain("0123456789ab downloading");
    expect(seen).toContain("\u001b[32m✓\u001b[39m Pull");
    expect(seen.trimEnd().endsWith("dev is running. Work in it: berth exec dev")).toBe(true);
  });
});

describe("berth ws logs", () => {
  test("prints a build's log on stdout, and another build's by number", async () => {
    const asked: string[] = [];
    await serve({
      listBuilds: () => ({ items: [build({ number: 2 }), build({ number: 1, id: ids.user })] }),
      streamBuildLog: ({ params }) => {
        asked.push(params.buildId);
        return entries(...story.slice(0, 2), buildEntry(3));
      },
      listWorkspaces: () => ({ items: [workspace({ latestBuild: build({ number: 2 }) })] }),
    });
    expect(await home.berth(["ws", "logs", "dev"], { env })).toMatchObject({
      code: 0,
      stdout: "✓ Resolve (1.2 s)\ncreate: succeeded\n",
    });
    expect((await home.berth(["ws", "logs", "dev", "--build", "1"], { env })).code).toBe(0);
    expect(asked).toEqual([ids.build, ids.user]);
    expect(await home.berth(["ws", "logs", "dev", "--build", "9"], { env })).toMatchObject({ code: 4 });
  });

  test("prints each entry as a line of JSON", async () => {
    const list = [...story, buildEntry(8)];
    await serve({ streamBuildLog: () => entries(...list) });
    const { stdout } = await home.berth(["ws", "logs", "dev", "-f", "-o", "json"], { env });
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(list);
  });
});

describe("berth ws rm --wait", () => {
  test("returns when the workspace is gone", async () => {
    let asked = 0;
    await serve({
      deleteWorkspace: () => workspace({ status: "deleting", latestBuild: build({ kind: "delete" }) }),
      streamBuildLog: () => entries(buildEntry(1, { kind: "delete" })),
      getWorkspace: () => {
        asked += 1;
        if (asked === 3) throw problem(404, "NOT_FOUND", "There is no such workspace.");
        return workspace({ status: "deleting" });
      },
    });
    expect(await home.berth(["ws", "rm", "dev", "--yes", "--wait"], { env })).toMatchObject({
      code: 0,
      stdout: "Deleted dev.\n",
    });
    expect(asked).toBe(3);
  });
});
