import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { type Command, type CommandExit, type CommandSpec, signalGroup } from "./command.ts";
import { ExecError } from "./exec-error.ts";
import { closeAll, type PipeMaker, type Pipes } from "./pipes.ts";

type Started = { child: ChildProcess; pid: number; stdin: Writable; stdout: Readable; stderr: Readable };

/** Starts a command on pipes, in a session and process group of its own. Throws `ExecError`. */
export async function startPiped(spec: CommandSpec, pipes: PipeMaker): Promise<Command> {
  const { child, pid, stdin, stdout, stderr } = await start(spec, await pipes.take());
  const exited = new Promise<CommandExit>((resolve) => {
    child.once("exit", (code, signal) => {
      if (signal === null) resolve({ code: code ?? 255 });
      else resolve({ code: 128 + constants.signals[signal], signal });
    });
  });
  let isInputOpen = true;
  // EPIPE: the command has closed its stdin, which is its right. What follows is dropped.
  stdin.on("error", () => {
    isInputOpen = false;
    stdin.emit("drain");
  });
  return {
    outputs: [
      { type: "stdout", stream: stdout },
      { type: "stderr", stream: stderr },
    ],
    exited,
    writeInput: (data) => !isInputOpen || stdin.write(data),
    onInputDrain: (callback) => stdin.on("drain", callback),
    endInput() {
      if (isInputOpen) stdin.end();
      isInputOpen = false;
    },
    resize() {},
    signal: (name) => signalGroup(pid, `SIG${name}`),
    release() {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    },
  };
}

async function start(spec: CommandSpec, pipes: Pipes | undefined): Promise<Started> {
  if (pipes === undefined) {
    const child = await spawnChild(spec, "pipe");
    const { stdin, stdout, stderr, pid } = child;
    if (!stdin || !stdout || !stderr || pid === undefined) throw explain(undefined, spec.file);
    return { child, pid, stdin, stdout, stderr };
  }
  const [stdin, stdout, stderr] = pipes.parent;
  try {
    const child = await spawnChild(spec, pipes.child);
    if (child.pid === undefined) throw explain(undefined, spec.file);
    const open = (fd: number, writable: boolean) => new Socket({ fd, readable: !writable, writable });
    return {
      child,
      pid: child.pid,
      stdin: open(stdin, true),
      stdout: open(stdout, false),
      stderr: open(stderr, false),
    };
  } catch (error) {
    closeAll(pipes.parent);
    throw error;
  } finally {
    // Ours would keep the command's output open after its end.
    closeAll(pipes.child);
  }
}

function spawnChild(spec: CommandSpec, stdio: StdioOptions): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => reject(explain(cause, spec.file));
    try {
      const { file, args, argv0, cwd, env } = spec;
      const child = spawn(file, args, { argv0, cwd, env, detached: true, stdio });
      child.once("error", fail);
      child.once("spawn", () => resolve(child));
    } catch (error) {
      fail(error as NodeJS.ErrnoException);
    }
  });
}

/** The file was found before, so "no such file" speaks of what the file itself needs. */
function explain(cause: NodeJS.ErrnoException | undefined, file: string): ExecError {
  const reasons: Record<string, string> = {
    ENOENT: `${file} needs a loader or library path this workspace does not have: it was built for another system.`,
    ENOEXEC: `${file} is not a program for this processor.`,
    EACCES: `${file} is not executable for this user.`,
  };
  const reason = reasons[cause?.code ?? ""];
  if (reason !== undefined) return new ExecError("COMMAND_NOT_EXECUTABLE", reason, { cause });
  const why = cause?.code === "E2BIG" ? "its arguments and variables are too long" : (cause?.code ?? "unknown error");
  return new ExecError("SPAWN_FAILED", `The system refused to start ${file}: ${why}.`, { cause });
}
