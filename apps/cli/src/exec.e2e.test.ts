import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { spawn as spawnOnTerminal } from "@lydell/node-pty";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ContractServer, type Handlers, problem, startContractServer } from "./testing/contract-server.ts";
import { berthProgram, type Home, makeHome, resultOf } from "./testing/run-berth.ts";
import { ids, workspace } from "./testing/samples.ts";

let home: Home;
let server: ContractServer;
let env: Record<string, string>;

const running: Handlers = {
  listWorkspaces: () => ({ items: [workspace()] }),
  exec: ({ params, token }) => {
    if (params.workspaceId !== ids.workspace || token !== "t") throw problem(404, "NOT_FOUND", "No such workspace.");
  },
};

async function serve(handlers: Handlers = running): Promise<void> {
  server = await startContractServer(handlers);
  env = { BERTH_URL: server.url, BERTH_TOKEN: "t" };
}

beforeEach(async () => {
  home = await makeHome();
});
afterEach(async () => {
  await server.close();
  await home.remove();
});

const exec = (args: readonly string[], input?: string | Buffer) =>
  home.berth(["exec", ...args], { env, ...(input === undefined ? {} : { input }) });
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("berth exec", () => {
  test("passes output, errors and the exit code on", async () => {
    await serve();
    expect(await exec(["dev", "--", "sh", "-c", "echo $((6*7)); echo oh >&2; exit 3"])).toMatchObject({
      code: 3,
      stdout: "42\n",
      stderr: "oh\n",
    });
  });

  test("passes arguments as they are, with no shell in between", async () => {
    await serve();
    const args = ["a b", "$HOME", "", "--output", "-t", "--", "é\n"];
    const { stdout } = await exec(["dev", "--", "printf", "[%s]", ...args]);
    expect(stdout).toBe("[a b][$HOME][][--output][-t][--][é\n]");
  });

  test("passes 20 MB of any bytes both ways", async () => {
    await serve();
    const input = randomBytes(20 * 1024 * 1024);
    const { code, bytes } = await exec(["dev", "--", "cat"], input);
    expect(code).toBe(0);
    expect(bytes.length).toBe(input.length);
    expect(sha256(bytes)).toBe(sha256(input));
  });

  test("goes on with the output after the input has ended", async () => {
    await serve();
    expect(await exec(["dev", "--", "sh", "-c", "cat >/dev/null; echo later"], "x")).toMatchObject({
      stdout: "later\n",
    });
  });

  test("a command that ends does not wait for an input that stays open", async () => {
    await serve();
    const child = home.start(["exec", "dev", "--", "true"], env);
    expect(await resultOf(child)).toMatchObject({ code: 0 });
  });

  test("does not read ahead of a command that is slow to take its input", async () => {
    await serve();
    const child = home.start(["exec", "dev", "--", "sh", "-c", "echo ready; sleep 600"], env);
    const ended = resultOf(child);
    await once(child.stdout, "data");
    let sent = 0;
    const chunk = Buffer.alloc(1024 * 1024);
    while (sent < 200 && child.stdin.write(chunk)) sent += 1;
    for (; sent < 200; sent += 1) {
      const drained = once(child.stdin, "drain").then(() => true);
      const timer = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300));
      if (!(await Promise.race([drained, timer]))) break;
      child.stdin.write(chunk);
    }
    expect(sent).toBeLessThan(50);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 143 });
  });

  test("sets variables and the directory", async () => {
    await serve();
    const result = await exec(["dev", "-e", "A=1", "-e", "B=x=y", "-w", "/usr", "--", "sh", "-c", "echo $A $B; pwd"]);
    expect(result).toMatchObject({ code: 0, stdout: "1 x=y\n/usr\n" });
    expect(await exec(["dev", "-e", "oops", "--", "true"])).toMatchObject({
      code: 255,
      stderr: expect.stringContaining("KEY=VALUE"),
    });
  });

  test("without a command runs a shell that reads standard input", async () => {
    await serve();
    expect(await exec(["dev"], "echo from-shell; exit 5\n")).toMatchObject({ code: 5, stdout: "from-shell\n" });
  });

  test("a command that is not there is said in a line, and leaves with 127", async () => {
    await serve();
    expect(await exec(["dev", "--", "no-such-program"])).toMatchObject({
      code: 127,
      stdout: "",
      stderr: "berth: no-such-program: not found (COMMAND_NOT_FOUND)\n",
    });
  });

  test.each([
    ["INT", "SIGINT"],
    ["TERM", "SIGTERM"],
    ["HUP", "SIGHUP"],
  ] as const)("forwards SIG%s to the command, and returns what it makes of it", async (name, signal) => {
    await serve();
    const script = `trap 'echo got ${name}; exit 7' ${name}; echo ready; while :; do sleep 0.05; done`;
    const child = home.start(["exec", "dev", "--", "sh", "-c", script], env);
    const ended = resultOf(child);
    await once(child.stdout, "data");
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 7, stdout: `ready\ngot ${name}\n` });
  });

  test("a command that ignores interrupts is left behind at the third", async () => {
    await serve();
    const child = home.start(["exec", "dev", "--", "sh", "-c", "trap '' INT; echo ready; sleep 600"], env);
    const ended = resultOf(child);
    await once(child.stdout, "data");
    // Signals that come together count once, so it may take more than three on a busy machine.
    const asking = setInterval(() => child.kill("SIGINT"), 50);
    child.once("exit", () => clearInterval(asking));
    expect((await ended).code).toBe(130);
  });

  test("an ending that comes at once is seen, however the input ends meanwhile", async () => {
    await serve();
    const runs = Array.from({ length: 8 }, (_, at) => exec(["dev", "--", "no-such-program"], "x".repeat(at * 100_000)));
    for (const { code, stderr } of await Promise.all(runs)) expect(code, stderr).toBe(127);
  });

  test("a connection that is lost is Berth's failure: 255", async () => {
    await serve();
    expect(await exec(["dev", "--", "vanish"])).toMatchObject({
      code: 255,
      stderr: expect.stringContaining("EXEC_CONNECTION_LOST"),
    });
  });

  test("a stopped workspace is a sentence with the command that starts it", async () => {
    await serve({
      ...running,
      exec: () => {
        throw problem(409, "WORKSPACE_NOT_RUNNING", "The workspace dev is stopped.");
      },
    });
    const result = await exec(["dev", "--", "true"]);
    expect(result).toMatchObject({ code: 255, stdout: "" });
    expect(result.stderr).toBe(
      "berth: The workspace dev is stopped.\nFix: Start it:\n  berth ws start dev --wait\n(WORKSPACE_NOT_RUNNING · request req-1)\n",
    );
  });

  test.each([
    ["no such workspace", ["gone", "--", "true"], "NOT_FOUND"],
    ["a command without --", ["dev", "true"], "Put -- before the command"],
    ["too long a command", ["dev", "--", "echo", "x".repeat(60_000)], "pass long input through stdin"],
  ])("%s is Berth's failure: 255", async (_what, args, sentence) => {
    await serve();
    expect(await exec(args)).toMatchObject({ code: 255, stderr: expect.stringContaining(sentence) });
  });
});

describe("berth exec -t", () => {
  /** Runs berth on a real terminal, collecting what appears on it. */
  function onTerminal(args: readonly string[]) {
    const terminal = spawnOnTerminal(berthProgram, [...args], {
      cols: 90,
      rows: 20,
      cwd: home.directory,
      env: { ...home.env, ...env, TERM: "vt100" },
    });
    let seen = "";
    const waiting: (() => void)[] = [];
    terminal.onData((data) => {
      seen += data;
      for (const check of [...waiting]) check();
    });
    const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    const until = (text: string) =>
      new Promise<void>((resolve) => {
        const check = () => seen.includes(text) && resolve();
        waiting.push(check);
        check();
      });
    return { terminal, until, ended, seen: () => seen };
  }

  test("tells the terminal's size and kind, follows its size, and passes Ctrl-C as a key", async () => {
    await serve();
    const script = 'echo "at $COLUMNS $LINES $TERM"; head -c 1 | od -An -tx1; exit 9';
    const { terminal, until, ended } = onTerminal(["exec", "dev", "-t", "--", "sh", "-c", script]);
    await until("at 90 20 vt100");
    terminal.resize(70, 30);
    await until("size 70x30");
    terminal.write("\u0003");
    await until("03");
    expect(await ended).toBe(9);
  });

  test("opens a shell by itself when there is a terminal and no command", async () => {
    await serve();
    const { terminal, ended, until } = onTerminal(["exec", "dev"]);
    await expect
      .poll(() => server.requests.some((request) => request.includes("/exec?")), { timeout: 30_000 })
      .toBe(true);
    terminal.write("echo $((40+2)); exit 4\n");
    await until("42");
    expect(await ended).toBe(4);
  });

  test("asks before a workspace is deleted, and takes no for an answer", async () => {
    await serve();
    const { terminal, until, ended, seen } = onTerminal(["ws", "rm", "dev"]);
    await until("[y/N]");
    terminal.write("n\r");
    expect(await ended).toBe(2);
    expect(seen()).toContain("Nothing was done.");
    expect(server.requests.some((request) => request.startsWith("DELETE"))).toBe(false);
  });

  test("never shows a password that is typed", async () => {
    await serve({
      login: ({ body }) => {
        if (body.password !== "pässword") throw problem(401, "CREDENTIALS_WRONG", `wrong`);
        throw problem(403, "USER_SUSPENDED", "This user is suspended.");
      },
    });
    const { terminal, until, ended, seen } = onTerminal(["login", server.url, "--email", "a@example.com"]);
    await until("Password: ");
    terminal.write("pässwordx\u007f\u001b[D\r");
    expect(await ended).toBe(3);
    expect(seen()).toContain("USER_SUSPENDED");
    expect(seen()).not.toMatch(/p.?ssword[x\r]/);
  });

  test("Ctrl-C at a password prompt leaves with 130", async () => {
    await serve();
    const { terminal, until, ended } = onTerminal(["login", server.url, "--email", "a@example.com"]);
    await until("Password: ");
    terminal.write("secret\u0003");
    expect(await ended).toBe(130);
  });
});
