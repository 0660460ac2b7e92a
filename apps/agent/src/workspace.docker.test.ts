import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { requires, waitFor } from "@berth/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEBIAN_IMAGE, docker, TestEngine, type TestWorkspace } from "./testing/engine.ts";
import { Conversation, collect, run, send } from "./testing/run-command.ts";

const busybox = "/.berth/bin/busybox";
const tty = { columns: 80, rows: 24, term: "xterm-256color" };
const soon = () => AbortSignal.timeout(20_000);

requires("docker")("an agent in a workspace", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await TestEngine.open();
  });
  afterAll(() => engine?.close());

  const strict = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  const places: { name: string; image: () => Promise<string>; args: string[]; user: string; shell: string }[] = [
    { name: "Debian", image: async () => DEBIAN_IMAGE, args: ["--user", "dev"], user: "dev", shell: "/bin/bash" },
    { name: "busybox without libc", image: () => engine.image("busybox"), args: [], user: "root", shell: "/bin/sh" },
    {
      name: "nothing at all, an unknown user, read-only",
      image: () => engine.image("empty"),
      args: ["--user", "4242:4243", ...strict],
      user: "4242",
      shell: "/.berth/bin/sh",
    },
  ];

  for (const place of places) {
    describe(`on ${place.name}`, () => {
      let workspace: TestWorkspace;
      beforeAll(async () => {
        workspace = await engine.start({ image: await place.image(), args: place.args });
      });

      it("tells who it is", async () => {
        const info = await workspace.tunnel.info(soon());
        expect(info).toMatchObject({ user: place.user, shell: place.shell, protocol: "berth-agent.v1" });
        expect(await workspace.tunnel.ping(soon())).toBeLessThan(1000);
      });

      it("keeps stdout, stderr and the exit code apart", async () => {
        const result = await run(workspace.tunnel, [busybox, "sh", "-c", "echo out; echo err >&2; exit 42"]);
        expect(result).toMatchObject({ stdout: "out\n", stderr: "err\n", code: 42 });
      });

      it("lets scripts open their own streams by name", async () => {
        const result = await run(workspace.tunnel, [busybox, "sh", "-c", "echo a >/dev/stdout; echo b >/dev/stderr"]);
        expect(result).toMatchObject({ stdout: "a\n", stderr: "b\n", code: 0 });
      });

      it("passes bytes through unchanged, and the end of stdin", async () => {
        const stdin = randomBytes(3_000_000);
        const result = await run(workspace.tunnel, [busybox, "sha256sum"], { stdin });
        expect(result.stdout).toBe(`${createHash("sha256").update(stdin).digest("hex")}  -\n`);
        const echoed = await run(workspace.tunnel, [busybox, "cat"], { stdin });
        expect(Buffer.from(echoed.stdout, "latin1").equals(stdin)).toBe(true);
      });

      it("opens the login shell on a terminal, which resizes, interrupts and ends", async () => {
        const shell = await Conversation.open(workspace.tunnel, { command: null, tty });
        shell.type("stty() { /.berth/bin/busybox stty $@; }; stty size\r");
        await shell.until(/24 80\r\n/);
        shell.send({ type: "resize", columns: 132, rows: 50 });
        shell.type("stty size\r");
        await shell.until(/50 132\r\n/);
        shell.type("echo $TERM; /.berth/bin/busybox sleep 100\r");
        await shell.until(/xterm-256color\r\n/);
        shell.clear();
        shell.type("\x03");
        // What is typed before the next prompt is lost, as on any terminal.
        await shell.until(/\^C[\s\S]*[$#] /);
        shell.type("echo after=$?\r");
        await shell.until(/after=130\r\n/);
        shell.type("exit 7\r");
        expect(await shell.result).toMatchObject({ code: 7 });
      });

      it("loses none of a terminal's last output", async () => {
        const lines = 20_000;
        const result = await run(workspace.tunnel, [busybox, "seq", String(lines)], { tty });
        expect(result.code).toBe(0);
        expect(result.stdout.split("\r\n").length).toBe(lines + 1);
        expect(result.stdout.endsWith(`${lines}\r\n`)).toBe(true);
      });
    });
  }

  describe("gives commands", () => {
    let workspace: TestWorkspace;
    beforeAll(async () => {
      const env = {
        ...{ NODE_OPTIONS: "", LD_PRELOAD: "", NODE_ENV: "", OPENSSL_CONF: "/nowhere", APP_COLOR: "blue" },
        BERTH_AGENT_RESTORE_ENV: JSON.stringify({ NODE_OPTIONS: "--max-old-space-size=64" }),
      };
      workspace = await engine.start({ image: await engine.image("busybox"), env, args: ["--user", "dev"] });
    });

    it("the image's environment, the user's, and nothing of the agent's", async () => {
      const { stdout } = await run(workspace.tunnel, ["env"], { env: { EXTRA: "1" }, cwd: "/tmp" });
      const env = Object.fromEntries(
        stdout
          .trim()
          .split("\n")
          .map((line) => line.split(/=(.*)/s).slice(0, 2)),
      );
      expect(env).toEqual({
        ...{ USER: "dev", LOGNAME: "dev", HOME: "/home/dev", SHELL: "/bin/sh", LANG: "C.UTF-8", PWD: "/tmp" },
        ...{ NODE_OPTIONS: "--max-old-space-size=64", OPENSSL_CONF: "/nowhere", APP_COLOR: "blue", EXTRA: "1" },
        PATH: expect.stringContaining("/usr/bin"),
        HOSTNAME: expect.any(String),
        BERTH_WORKSPACE: "true",
      });
    });

    it("no open files but their own, and no ignored signals", async () => {
      for (const options of [{}, { tty }]) {
        const files = await run(workspace.tunnel, [busybox, "ls", "/proc/self/fd"], options);
        expect(files.stdout.split(/\s+/)).toEqual(["0", "1", "2", "3", ""]);
        const signals = await run(
          workspace.tunnel,
          [busybox, "grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"],
          options,
        );
        expect(signals.stdout).toMatch(/^SigBlk:\s0+\s+SigIgn:\s0+\s+$/);
      }
    });

    it.each([
      [["no-such-program"], {}, 127, "COMMAND_NOT_FOUND"],
      [["/nowhere/at/all"], {}, 127, "COMMAND_NOT_FOUND"],
      [["/bin/notes"], {}, 126, "COMMAND_NOT_EXECUTABLE"],
      [["notes"], {}, 126, "COMMAND_NOT_EXECUTABLE"],
      [["/bin"], {}, 126, "COMMAND_NOT_EXECUTABLE"],
      [["orphan"], {}, 126, "COMMAND_NOT_EXECUTABLE"],
      [["true"], { cwd: "/nowhere" }, 126, "CWD_NOT_FOUND"],
      [["no-such-program"], { tty }, 127, "COMMAND_NOT_FOUND"],
    ])("that cannot run, %j, an exit code and a reason", async (command, options, code, reason) => {
      const result = await run(workspace.tunnel, command, options);
      expect(result).toMatchObject({ code, error: { code: reason } });
    });

    it("their signals, by name and by exit code", async () => {
      const sleeper = await Conversation.open(workspace.tunnel, { command: ["sleep", "100"] });
      sleeper.send({ type: "signal", name: "TERM" });
      expect(await sleeper.result).toMatchObject({ code: 143, signal: "SIGTERM" });
      const onTerminal = await Conversation.open(workspace.tunnel, { command: ["sleep", "100"], tty });
      onTerminal.send({ type: "signal", name: "KILL" });
      expect(await onTerminal.result).toMatchObject({ code: 137, signal: "SIGKILL" });
    });

    it("an end although a background process keeps their output open", async () => {
      const script = "sleep 1000 & echo started";
      expect(await run(workspace.tunnel, ["sh", "-c", script])).toMatchObject({ stdout: "started\n", code: 0 });
      const noisy = await run(workspace.tunnel, ["sh", "-c", "yes & echo started; exit 5"]);
      expect(noisy).toMatchObject({ stdout: expect.stringMatching(/started\n/), code: 5 });
    });

    it("a hang-up when their client is gone, and an end if they ignore it", async () => {
      const marker = `${randomBytes(4).readUInt32BE()}`;
      const count = async () => (await run(workspace.tunnel, [busybox, "pgrep", "-f", `sleep ${marker}`])).stdout;
      const polite = await Conversation.open(workspace.tunnel, { command: ["sh", "-c", `echo on; sleep ${marker}`] });
      const deaf = await Conversation.open(workspace.tunnel, {
        command: ["sh", "-c", `trap "" HUP; echo on; sleep ${marker}`],
      });
      await Promise.all([polite.until(/on/), deaf.until(/on/)]);
      polite.stream.destroy();
      deaf.stream.destroy();
      await waitFor("both commands to end", async () => (await count()) === "");
    });
  });

  describe("stays up", () => {
    it("after a kill -9: the supervisor brings it back", async () => {
      const workspace = await engine.start({ image: await engine.image("empty") });
      const before = await workspace.tunnel.info(soon());
      for (let round = 0; round < 2; round += 1) {
        const { pid } = await workspace.tunnel.info(soon());
        void run(workspace.tunnel, [busybox, "kill", "-9", String(pid)]).catch(() => {});
        await workspace.tunnel.closed;
        workspace.tunnel = await workspace.server.next();
      }
      const after = await workspace.tunnel.info(soon());
      expect(after.pid).not.toBe(before.pid);
      expect(await run(workspace.tunnel, [busybox, "echo", "back"])).toMatchObject({ stdout: "back\n", code: 0 });
    });

    it("when the server restarts with a new socket", async () => {
      const workspace = await engine.start({ image: await engine.image("empty") });
      const { pid } = await workspace.tunnel.info(soon());
      await workspace.server.close();
      await workspace.server.listen();
      const tunnel = await workspace.server.next();
      expect((await tunnel.info(soon())).pid).toBe(pid);
    });

    it("until it is told to end, which takes its commands along", async () => {
      const workspace = await engine.start({ image: await engine.image("busybox") });
      const command = await Conversation.open(workspace.tunnel, { command: ["sleep", "100"], tty });
      const startedAt = performance.now();
      await docker("stop", "-t", "10", workspace.id);
      expect(performance.now() - startedAt).toBeLessThan(5000);
      expect(await docker("inspect", "-f", "{{.State.ExitCode}}", workspace.id)).toBe("0");
      await command.result.catch(() => {});
      expect((await workspace.tunnel.closed).code).toBe(1001);
    });
  });

  describe("is fair", () => {
    it("to a terminal beside a command that prints without end", async () => {
      const { tunnel } = await engine.start({ image: await engine.image("busybox") });
      const greedy = await tunnel.openExec({ command: ["yes"] }, soon());
      let bytes = 0;
      greedy.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      const echo = await Conversation.open(tunnel, { command: ["cat"] });
      const times: number[] = [];
      for (let count = 0; count < 200; count += 1) {
        const startedAt = performance.now();
        echo.clear();
        echo.type(`${count}\n`);
        await echo.until(new RegExp(`^${count}\n`));
        times.push(performance.now() - startedAt);
      }
      times.sort((a, b) => a - b);
      greedy.destroy();
      expect(bytes).toBeGreaterThan(10_000_000);
      // A starved neighbour waits for seconds; bench/ holds the goal of 20 ms on a quiet machine.
      expect(times[100]).toBeLessThan(100);
      expect(times[197]).toBeLessThan(1000);
    });

    it("to a slow reader: a command waits for it and loses nothing", async () => {
      const { tunnel } = await engine.start({ image: await engine.image("busybox") });
      for (const options of [{}, { tty }]) {
        const stream = await tunnel.openExec({ command: [busybox, "seq", "300000"], ...options }, soon());
        await once(stream, "readable");
        await new Promise((resolve) => setTimeout(resolve, 700));
        const { stdout, code } = await collect(stream);
        expect(code).toBe(0);
        expect(stdout.trimEnd().endsWith("300000")).toBe(true);
        expect(stdout.replaceAll("\r", "").length).toBe(1_988_895);
      }
    });
  });

  it("leaks nothing over 5000 commands", async () => {
    const { tunnel } = await engine.start({ image: await engine.image("busybox") });
    const { pid } = await tunnel.info(soon());
    const measure = async () => {
      const script = `ls /proc/${pid}/fd | wc -l; ls /proc/[0-9]*/stat | wc -l; grep RssAnon /proc/${pid}/status`;
      const { stdout } = await run(tunnel, [busybox, "sh", "-c", script]);
      const [files, processes, memory] = stdout.split("\n").map((line) => Number(/\d+/.exec(line)?.[0]));
      return { files: files ?? 0, processes: processes ?? 0, anonymousKb: memory ?? 0 };
    };
    const burst = async (count: number) => {
      const one = async (index: number) => {
        const options = index % 10 === 0 ? { tty } : {};
        const result = await run(tunnel, ["true"], options);
        if (result.code !== 0) throw new Error(`command ${index} ended with ${JSON.stringify(result)}`);
      };
      for (let done = 0; done < count; done += 10) {
        await Promise.all(Array.from({ length: 10 }, (_, index) => one(done + index)));
      }
    };
    await burst(500);
    const before = await measure();
    await burst(4500);
    // The last commands' pipes and terminals are closed a moment after their exit frames; a leak stays.
    const isBack = async () => {
      const { files, processes } = await measure();
      return files <= before.files + 3 && processes <= before.processes + 1;
    };
    await expect.poll(isBack, { timeout: 5_000, interval: 200 }).toBe(true);
    const after = await measure();
    expect(after.anonymousKb).toBeLessThan(before.anonymousKb + 15_000);
  });

  it("carries bytes about as fast as the engine's own exec", async () => {
    const { tunnel, id } = await engine.start({ image: await engine.image("busybox") });
    const megabytes = 200;
    const bytes = megabytes * 1024 * 1024;
    const timed = async (work: () => Promise<unknown>) => {
      const startedAt = performance.now();
      await work();
      return performance.now() - startedAt;
    };
    const print = ["dd", "if=/dev/zero", "bs=1M", `count=${megabytes}`];
    const engineMs = await timed(() => countBytes("docker", ["exec", id, ...print]));
    const downMs = await timed(async () => {
      let received = 0;
      for await (const chunk of await tunnel.openExec({ command: print }, soon())) received += chunk.length;
      expect(received).toBeGreaterThan(bytes);
    });
    const upMs = await timed(async () => {
      const up = await tunnel.openExec({ command: ["wc", "-c"] }, soon());
      const result = collect(up);
      const data = Buffer.alloc(65_536);
      for (let sent = 0; sent < bytes; sent += data.length) {
        if (!send(up, { type: "stdin", data })) await once(up, "drain");
      }
      send(up, { type: "stdin-end" });
      expect(await result).toMatchObject({ stdout: `${bytes}\n`, code: 0 });
    });
    // The machine's speed cancels out, its noise does not: this catches a collapse, bench/ measures.
    expect(downMs).toBeLessThan(engineMs * 5);
    expect(upMs).toBeLessThan(engineMs * 5);
  });
});

async function countBytes(program: string, args: string[]): Promise<number> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  let length = 0;
  for await (const chunk of child.stdout) length += chunk.length;
  return length;
}
